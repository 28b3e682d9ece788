{{- define "model-server.filesData" -}}
{{- range $name, $file := . }}
{{- if dig "enabled" true $file }}
{{ $name | quote }}: {{ $file.content | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* Name suffix of the files' ConfigMap, which is immutable: new content restarts the pods. */}}
{{- define "model-server.filesSuffix" -}}
{{- with include "model-server.filesData" . }}
{{- printf "-files-%s" (sha256sum . | trunc 8) }}
{{- end }}
{{- end }}
