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
  {{- $ports := .metrics | default false | ternary (list (dict "port" $.root.Values.metrics.port "protocol" "TCP")) list }}
  {{- range .ports }}
  {{- if dig "enabled" true . }}
  {{- $ports = append $ports (merge (pick . "port" "protocol") (dict "protocol" "TCP")) }}
  {{- end }}
  {{- end }}
  {{- with $ports }}
  ports:
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
{{- end }}
{{- end }}
