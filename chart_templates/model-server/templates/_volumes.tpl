{{- define "model-server.volumes" -}}
{{- $artifact := .spec.artifact }}
{{- $kinds := dict
  "download" (dict "type" "emptyDir" "sizeLimit" $artifact.sizeLimit)
  "volume" (dict "type" "persistentVolumeClaim" "name" $artifact.claimName "readOnly" true)
  "image" (dict "type" "image" "image" $artifact.reference) }}
{{- with get $kinds $artifact.delivery }}
{{- include "model-server.volume" (dict "name" "artifact" "volume" .) }}
{{- end }}
{{- if eq $artifact.delivery "download" }}
{{- with $artifact.credentials.files }}
- name: artifact-credentials
  secret:
    secretName: {{ $artifact.credentials.secret | quote }}
    items:
    {{- range $path, $key := . }}
    - key: {{ $key | quote }}
      path: {{ $path | quote }}
    {{- end }}
{{- end }}
{{- end }}
{{- range $name, $volume := .spec.volumes }}
{{- if dig "enabled" true $volume }}
{{- include "model-server.volume" (dict "name" $name "volume" $volume) }}
{{- end }}
{{- end }}
{{- with include "model-server.fileItems" .spec.files }}
- name: files
  downwardAPI:
    items:
    {{- . | nindent 4 }}
{{- end }}
{{- end }}

{{/* A volume: dict "name" and "volume" (its values). */}}
{{- define "model-server.volume" }}
- name: {{ .name | quote }}
  {{- with .volume }}
  {{- if eq .type "configMap" }}
  configMap:
    name: {{ .name | quote }}
  {{- else if eq .type "secret" }}
  secret:
    secretName: {{ .name | quote }}
  {{- else if eq .type "persistentVolumeClaim" }}
  persistentVolumeClaim:
    claimName: {{ .name | quote }}
    readOnly: {{ .readOnly | default false }}
  {{- else if eq .type "image" }}
  image:
    reference: {{ include "model-server.image" .image | quote }}
    pullPolicy: {{ .image.pullPolicy | default "IfNotPresent" }}
  {{- else if or .medium .sizeLimit }}
  emptyDir:
    {{- with .medium }}
    medium: {{ . | quote }}
    {{- end }}
    {{- with .sizeLimit }}
    sizeLimit: {{ . | quote }}
    {{- end }}
  {{- else }}
  emptyDir: {}
  {{- end }}
  {{- end }}
{{- end }}
