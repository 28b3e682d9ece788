{{/* Contents of the files as one map. */}}
{{- define "model-server.filesData" -}}
{{- range $name, $file := .Values.files }}
{{- if dig "enabled" true $file }}
{{ $name | quote }}: {{ $file.content | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* Name of the ConfigMap of the files, from their content: it is immutable, and new content restarts the pods. Empty without files. */}}
{{- define "model-server.filesName" -}}
{{- with include "model-server.filesData" . }}
{{- printf "%s-files-%s" $.Values.fullnameOverride (sha256sum . | trunc 8) }}
{{- end }}
{{- end }}
