{{- define "model-server.mounts" -}}
{{- with .artifact }}
{{- if eq .delivery "download" }}
{{- include "model-server.mount" (dict "name" "artifact" "mountPath" .mountPath "readOnly" true) }}
{{- else if ne .delivery "baked" }}
{{- include "model-server.mount" (dict "name" "artifact" "mountPath" (clean (print .mountPath "/" .path)) "subPath" .subPath "readOnly" true) }}
{{- end }}
{{- end }}
{{- include "model-server.namedMounts" .volumes }}
{{- range $name, $file := .files }}
{{- if dig "enabled" true $file }}
{{- include "model-server.mount" (dict "name" "files" "mountPath" $file.mountPath "subPath" $name "readOnly" true) }}
{{- end }}
{{- end }}
{{- end }}

{{/* The artifact is read-only: its files were checked when they came. */}}
{{- define "model-server.namedMounts" -}}
{{- range $name, $mount := . }}
{{- if and $mount.mountPath (dig "enabled" true $mount) }}
{{- include "model-server.mount" (merge (dict "name" $name "readOnly" (or (eq $name "artifact") $mount.readOnly)) $mount) }}
{{- end }}
{{- end }}
{{- end }}

{{- define "model-server.mount" }}
- name: {{ .name | quote }}
  mountPath: {{ .mountPath | quote }}
  {{- with .subPath }}
  subPath: {{ . | quote }}
  {{- end }}
  {{- if .readOnly }}
  readOnly: true
  {{- end }}
{{- end }}
