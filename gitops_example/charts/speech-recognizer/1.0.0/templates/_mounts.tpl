{{/* What the model server mounts: the model, its volumes and its files. */}}
{{- define "model-server.mounts" -}}
{{- $artifact := .Values.artifact }}
{{- if eq $artifact.delivery "download" }}
{{- include "model-server.mount" (dict "name" "artifact" "mount" (dict "mountPath" $artifact.mountPath "readOnly" true)) }}
{{- else if ne $artifact.delivery "baked" }}
{{- include "model-server.mount" (dict "name" "artifact" "mount" (dict "mountPath" (include "model-server.artifactTarget" $artifact) "subPath" $artifact.subPath "readOnly" true)) }}
{{- end }}
{{- range $name, $volume := .Values.volumes }}
{{- if and $volume.mountPath (dig "enabled" true $volume) }}
{{- include "model-server.mount" (dict "name" $name "mount" $volume) }}
{{- end }}
{{- end }}
{{- range $name, $file := .Values.files }}
{{- if dig "enabled" true $file }}
{{- include "model-server.mount" (dict "name" "files" "mount" (dict "mountPath" $file.mountPath "subPath" $name "readOnly" true)) }}
{{- end }}
{{- end }}
{{- end }}

{{/* What a sidecar mounts. */}}
{{- define "model-server.sidecarMounts" -}}
{{- range $name, $mount := .mounts }}
{{- if dig "enabled" true $mount }}
{{- include "model-server.mount" (dict "name" $name "mount" $mount) }}
{{- end }}
{{- end }}
{{- end }}

{{- define "model-server.mount" }}
- name: {{ .name | quote }}
  mountPath: {{ .mount.mountPath | quote }}
  {{- with .mount.subPath }}
  subPath: {{ . | quote }}
  {{- end }}
  {{- if .mount.readOnly }}
  readOnly: true
  {{- end }}
{{- end }}
