{{/* Annotations of the pods. */}}
{{- define "model-server.podAnnotations" -}}
{{- with .Values.artifact.sha256 }}
chartloom.dev/artifact-sha256: {{ . | quote }}
{{- end }}
{{- include "model-server.stringMap" .Values.podAnnotations }}
{{- end }}

{{/* The pod's spec. */}}
{{- define "model-server.pod" -}}
serviceAccountName: {{ .Values.fullnameOverride | quote }}
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: {{ int64 .Values.terminationGracePeriodSeconds }}
{{- with include "model-server.pullSecrets" . }}
imagePullSecrets:
{{- . }}
{{- end }}
securityContext:
  {{- toYaml .Values.podSecurityContext | nindent 2 }}
{{- include "model-server.scheduling" . }}
{{- if eq .Values.artifact.delivery "download" }}
initContainers:
- {{ include "model-server.download" . | indent 2 | trim }}
{{- end }}
containers:
- {{ include "model-server.container" (dict "name" "server" "spec" .Values "root" . "mounts" (include "model-server.mounts" .)) | indent 2 | trim }}
{{- range $name, $spec := .Values.containers }}
{{- if dig "enabled" true $spec }}
- {{ include "model-server.container" (dict "name" $name "spec" $spec "root" $ "mounts" (include "model-server.sidecarMounts" $spec)) | indent 2 | trim }}
{{- end }}
{{- end }}
{{- with include "model-server.volumes" . }}
volumes:
{{- . }}
{{- end }}
{{- end }}

{{- define "model-server.pullSecrets" -}}
{{- range $name, $secret := .Values.imagePullSecrets }}
{{- if dig "enabled" true $secret }}
- name: {{ $name | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* Where the pods may run. */}}
{{- define "model-server.scheduling" -}}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- with .Values.runtimeClassName }}
runtimeClassName: {{ . | quote }}
{{- end }}
{{- with include "model-server.stringMap" .Values.nodeSelector }}
nodeSelector:
  {{- trim . | nindent 2 }}
{{- end }}
{{- with include "model-server.tolerations" . }}
tolerations:
{{- . }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- $spread := .Values.topologySpread }}
{{- if $spread.enabled }}
topologySpreadConstraints:
- maxSkew: {{ int $spread.maxSkew }}
  topologyKey: {{ $spread.topologyKey | quote }}
  whenUnsatisfiable: {{ $spread.whenUnsatisfiable }}
  labelSelector:
    matchLabels:
      {{- include "model-server.podLabels" . | nindent 6 }}
  matchLabelKeys:
  - {{ eq .Values.strategy.engine "argo-rollouts" | ternary "rollouts-pod-template-hash" "pod-template-hash" }}
{{- end }}
{{- end }}

{{- define "model-server.tolerations" -}}
{{- range .Values.tolerations }}
{{- if dig "enabled" true . }}
- operator: {{ .operator | default "Equal" }}
  {{- with .key }}
  key: {{ . | quote }}
  {{- end }}
  {{- with .value }}
  value: {{ . | quote }}
  {{- end }}
  {{- with .effect }}
  effect: {{ . }}
  {{- end }}
  {{- if hasKey . "tolerationSeconds" }}
  tolerationSeconds: {{ int64 .tolerationSeconds }}
  {{- end }}
{{- end }}
{{- end }}
{{- end }}
