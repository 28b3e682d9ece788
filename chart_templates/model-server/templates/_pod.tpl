{{/* Selector and pods of a workload: dict "root", "track" and "spec" (values). */}}
{{- define "model-server.podTemplate" -}}
{{ pick .spec "revisionHistoryLimit" "progressDeadlineSeconds" | toYaml }}
{{- with .spec.minReadySeconds }}
{{- /* Argo Rollouts drops a 0, which an agent would then put back. */}}
minReadySeconds: {{ int64 . }}
{{- end }}
selector:
  matchLabels:
    {{- include "model-server.podLabels" . | nindent 4 }}
template:
  metadata:
    labels:
      {{- include "model-server.podLabels" . | nindent 6 }}
      {{- with include "model-server.stringMap" .root.Values.podLabels }}
      {{- trim . | nindent 6 }}
      {{- end }}
    {{- $files := include "model-server.fileAnnotations" .spec.files }}
    {{- if or .spec.artifact.sha256 .spec.podAnnotations $files }}
    annotations:
      {{- with $files }}
      {{- trim . | nindent 6 }}
      {{- end }}
      {{- with .spec.artifact.sha256 }}
      chartloom.dev/artifact-sha256: {{ . | quote }}
      {{- end }}
      {{- with include "model-server.stringMap" .spec.podAnnotations }}
      {{- trim . | nindent 6 }}
      {{- end }}
    {{- end }}
  spec:
    {{- include "model-server.pod" . | nindent 4 }}
{{- end }}

{{- define "model-server.pod" -}}
serviceAccountName: {{ .root.Values.fullnameOverride | quote }}
{{- with .spec }}
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: {{ int64 .terminationGracePeriodSeconds }}
{{- with include "model-server.pullSecrets" . }}
imagePullSecrets:
{{- . }}
{{- end }}
securityContext:
  {{- toYaml .podSecurityContext | nindent 2 }}
{{- range $key := list "priorityClassName" "runtimeClassName" }}
{{- with get $.spec $key }}
{{ $key }}: {{ . | quote }}
{{- end }}
{{- end }}
{{- with include "model-server.stringMap" .nodeSelector }}
nodeSelector:
  {{- trim . | nindent 2 }}
{{- end }}
{{- with include "model-server.tolerations" . }}
tolerations:
{{- . }}
{{- end }}
{{- with .affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if .topologySpread.enabled }}
topologySpreadConstraints:
- {{ omit .topologySpread "enabled" | toYaml | indent 2 | trim }}
  labelSelector:
    matchLabels:
      {{- include "model-server.podLabels" $ | nindent 6 }}
  matchLabelKeys:
  - {{ if eq $.root.Values.strategy.engine "argo-rollouts" }}rollouts-{{ end }}pod-template-hash
{{- end }}
{{- if eq .artifact.delivery "download" }}
initContainers:
- {{ include "model-server.download" . | indent 2 | trim }}
{{- end }}
containers:
- {{ include "model-server.container" (dict "name" "server" "spec" . "pod" . "mounts" (include "model-server.mounts" .)) | indent 2 | trim }}
{{- range $name, $sidecar := .containers }}
{{- if dig "enabled" true $sidecar }}
- {{ include "model-server.container" (dict "name" $name "spec" $sidecar "pod" $.spec "mounts" (include "model-server.namedMounts" $sidecar.mounts)) | indent 2 | trim }}
{{- end }}
{{- end }}
{{- with include "model-server.volumes" $ }}
volumes:
{{- . }}
{{- end }}
{{- end }}
{{- end }}

{{- define "model-server.pullSecrets" -}}
{{- range $name, $secret := .imagePullSecrets }}
{{- if dig "enabled" true $secret }}
- name: {{ $name | quote }}
{{- end }}
{{- end }}
{{- end }}

{{- define "model-server.tolerations" -}}
{{- range .tolerations }}
{{- if dig "enabled" true . }}
- operator: {{ .operator | default "Equal" }}
  {{- range $key, $value := pick . "effect" "key" "value" }}
  {{- if $value }}
  {{ $key }}: {{ $value | quote }}
  {{- end }}
  {{- end }}
  {{- if hasKey . "tolerationSeconds" }}
  tolerationSeconds: {{ int64 .tolerationSeconds }}
  {{- end }}
{{- end }}
{{- end }}
{{- end }}
