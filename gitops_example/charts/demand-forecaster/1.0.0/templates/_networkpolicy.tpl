{{- define "model-server.ingressRules" -}}
{{- if .Values.test.enabled }}
- from:
  - podSelector:
      matchLabels:
        {{- include "model-server.testLabels" . | nindent 8 }}
  ports:
  - port: {{ .Values.test.port | quote }}
    protocol: TCP
{{- end }}
{{- include "model-server.exceptions" (dict "side" "from" "exceptions" .Values.networkPolicy.ingress "metrics" .Values.metrics) }}
{{- end }}

{{- define "model-server.egressRules" -}}
{{- include "model-server.exceptions" (dict "side" "to" "exceptions" .Values.networkPolicy.egress "metrics" .Values.metrics) }}
{{- end }}

{{/* The named exceptions of one side: dict "side" (from or to), "exceptions" and "metrics". */}}
{{- define "model-server.exceptions" -}}
{{- range .exceptions }}
{{- if dig "enabled" true . }}
- {{ $.side }}:
  {{- include "model-server.peers" . }}
  {{- with include "model-server.exceptionPorts" (dict "ports" .ports "metrics" (and .metrics $.metrics.port)) }}
  ports:
  {{- trim . | nindent 2 }}
  {{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "model-server.peers" -}}
{{- with .cidr }}
  - ipBlock:
      cidr: {{ . | quote }}
{{- end }}
{{- if or .namespace .podLabels (not .cidr) }}
  - podSelector:
      {{- with include "model-server.stringMap" .podLabels }}
      matchLabels:
        {{- trim . | nindent 8 }}
      {{- else }} {}
      {{- end }}
    {{- with .namespace }}
    {{- if eq . "*" }}
    namespaceSelector: {}
    {{- else }}
    namespaceSelector:
      matchLabels:
        kubernetes.io/metadata.name: {{ . | quote }}
    {{- end }}
    {{- end }}
{{- end }}
{{- end }}

{{- define "model-server.exceptionPorts" -}}
{{- with .metrics }}
- port: {{ . | quote }}
  protocol: TCP
{{- end }}
{{- range .ports }}
{{- if dig "enabled" true . }}
- port: {{ toJson .port }}
  protocol: {{ .protocol | default "TCP" }}
{{- end }}
{{- end }}
{{- end }}
