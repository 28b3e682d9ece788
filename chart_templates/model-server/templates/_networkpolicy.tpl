{{/* The named exceptions of one side: dict "root", "side" (from or to) and "exceptions". */}}
{{- define "model-server.exceptions" -}}
{{- range .exceptions }}
{{- if dig "enabled" true . }}
- {{ $.side }}:
  {{- with .cidr }}
  - ipBlock:
      cidr: {{ . | quote }}
  {{- end }}
  {{- if or .namespace .podLabels (not .cidr) }}
  - podSelector:
      {{- with .podLabels }}
      matchLabels:
        {{- include "model-server.stringMap" . | trim | nindent 8 }}
      {{- else }} {}
      {{- end }}
    {{- with .namespace }}
    namespaceSelector:
      {{- if eq . "*" }} {}
      {{- else }}
      matchLabels:
        kubernetes.io/metadata.name: {{ . | quote }}
      {{- end }}
    {{- end }}
  {{- end }}
  {{- with include "model-server.exceptionPorts" (dict "ports" .ports "metrics" (and .metrics $.root.Values.metrics.port)) }}
  ports:
  {{- . }}
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
