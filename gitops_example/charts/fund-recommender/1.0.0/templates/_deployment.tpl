{{- define "model-server.deployment" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Values.trackName | quote }}
  labels:
    {{- include "model-server.labels" . | nindent 4 }}
spec:
  {{- if not (or .Values.autoscaling.enabled (eq .Values.strategy.engine "flagger")) }}
  replicas: {{ int64 (.Values.trackReplicas | default .Values.replicaCount) }}
  {{- end }}
  {{- include "model-server.pace" . | nindent 2 }}
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxSurge: {{ toJson .Values.strategy.rolling.maxSurge }}
      maxUnavailable: {{ toJson .Values.strategy.rolling.maxUnavailable }}
  {{- include "model-server.podTemplate" . | nindent 2 }}
{{- end }}

{{/* How long a new pod may take. */}}
{{- define "model-server.pace" -}}
revisionHistoryLimit: {{ int64 .Values.revisionHistoryLimit }}
progressDeadlineSeconds: {{ int64 .Values.progressDeadlineSeconds }}
minReadySeconds: {{ int64 .Values.minReadySeconds }}
{{- end }}

{{- define "model-server.podTemplate" -}}
selector:
  matchLabels:
    {{- include "model-server.podLabels" . | nindent 4 }}
template:
  metadata:
    labels:
      {{- include "model-server.podLabels" . | nindent 6 }}
    {{- with include "model-server.podAnnotations" . }}
    annotations:
      {{- trim . | nindent 6 }}
    {{- end }}
  spec:
    {{- include "model-server.pod" . | nindent 4 }}
{{- end }}
