{{/* The volumes of the pod: the model, those of the values and the files. */}}
{{- define "model-server.volumes" -}}
{{- $artifact := .Values.artifact }}
{{- if eq $artifact.delivery "download" }}
{{- include "model-server.volume" (dict "name" "artifact" "volume" (dict "type" "emptyDir" "sizeLimit" $artifact.sizeLimit)) }}
{{- else if eq $artifact.delivery "volume" }}
{{- include "model-server.volume" (dict "name" "artifact" "volume" (dict "type" "persistentVolumeClaim" "name" $artifact.claimName "readOnly" true)) }}
{{- else if eq $artifact.delivery "image" }}
{{- include "model-server.volume" (dict "name" "artifact" "volume" (dict "type" "image" "image" $artifact.reference)) }}
{{- end }}
{{- range $name, $volume := .Values.volumes }}
{{- if dig "enabled" true $volume }}
{{- include "model-server.volume" (dict "name" $name "volume" $volume) }}
{{- end }}
{{- end }}
{{- with include "model-server.filesName" . }}
{{- include "model-server.volume" (dict "name" "files" "volume" (dict "type" "configMap" "name" .)) }}
{{- end }}
{{- end }}

{{/* A volume: dict "name" and "volume" (its values). */}}
{{- define "model-server.volume" }}
{{- $volume := .volume }}
- name: {{ .name | quote }}
  {{- if eq $volume.type "configMap" }}
  configMap:
    name: {{ $volume.name | quote }}
  {{- else if eq $volume.type "secret" }}
  secret:
    secretName: {{ $volume.name | quote }}
  {{- else if eq $volume.type "persistentVolumeClaim" }}
  persistentVolumeClaim:
    claimName: {{ $volume.name | quote }}
    readOnly: {{ $volume.readOnly | default false }}
  {{- else if eq $volume.type "image" }}
  image:
    reference: {{ include "model-server.image" $volume.image | quote }}
    pullPolicy: {{ $volume.image.pullPolicy | default "IfNotPresent" }}
  {{- else if or $volume.medium $volume.sizeLimit }}
  emptyDir:
    {{- with $volume.medium }}
    medium: {{ . | quote }}
    {{- end }}
    {{- with $volume.sizeLimit }}
    sizeLimit: {{ . | quote }}
    {{- end }}
  {{- else }}
  emptyDir: {}
  {{- end }}
{{- end }}
