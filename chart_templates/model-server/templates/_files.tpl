{{/* Files of the server by name, as annotations of its pods: a pod keeps its own files until it ends, and new content restarts the pods. */}}
{{- define "model-server.fileAnnotations" -}}
{{- range $name, $file := . }}
{{- if dig "enabled" true $file }}
{{ include "model-server.fileKey" $name }}: {{ $file.content | quote }}
{{- end }}
{{- end }}
{{- end }}

{{- define "model-server.fileItems" -}}
{{- range $name, $file := . }}
{{- if dig "enabled" true $file }}
- path: {{ $name | quote }}
  fieldRef:
    apiVersion: v1
    fieldPath: {{ include "model-server.fileKey" $name | printf "metadata.annotations['%s']" | quote }}
{{- end }}
{{- end }}
{{- end }}

{{- define "model-server.fileKey" -}}
chartloom.dev/file-{{ sha256sum . | trunc 32 }}
{{- end }}
