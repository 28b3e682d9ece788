{{/* How pods go when the load is low, whoever scales. */}}
{{- define "model-server.scaleDown" -}}
scaleDown:
  stabilizationWindowSeconds: {{ int64 .Values.autoscaling.scaleDownStabilizationSeconds }}
  # One pod a minute: a model server that comes back needs minutes to load its model.
  policies:
  - type: Pods
    value: 1
    periodSeconds: 60
{{- end }}

{{/* What is scaled. */}}
{{- define "model-server.scaleTarget" -}}
{{- if eq .Values.strategy.engine "argo-rollouts" -}}
apiVersion: argoproj.io/v1alpha1
kind: Rollout
{{- else -}}
apiVersion: apps/v1
kind: Deployment
{{- end }}
name: {{ .Values.trackName | quote }}
{{- end }}

{{- define "model-server.hpa" -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ .Values.trackName | quote }}
  labels:
    {{- include "model-server.labels" . | nindent 4 }}
spec:
  scaleTargetRef:
    {{- include "model-server.scaleTarget" . | nindent 4 }}
  minReplicas: {{ int64 (.Values.trackReplicas | default .Values.autoscaling.minReplicas) }}
  maxReplicas: {{ int64 .Values.autoscaling.maxReplicas }}
  metrics:
  - type: Resource
    resource:
      name: cpu
      target:
        type: Utilization
        averageUtilization: {{ int64 .Values.autoscaling.targetCPUUtilizationPercentage }}
  behavior:
    {{- include "model-server.scaleDown" . | nindent 4 }}
{{- end }}

{{- define "model-server.scaledObject" -}}
{{- $keda := .Values.autoscaling.keda -}}
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: {{ .Values.trackName | quote }}
  labels:
    {{- include "model-server.labels" . | nindent 4 }}
spec:
  scaleTargetRef:
    {{- include "model-server.scaleTarget" . | nindent 4 }}
  minReplicaCount: {{ int64 (.Values.trackReplicas | default .Values.autoscaling.minReplicas) }}
  maxReplicaCount: {{ int64 .Values.autoscaling.maxReplicas }}
  pollingInterval: {{ int64 $keda.pollingInterval }}
  cooldownPeriod: {{ int64 $keda.cooldownPeriod }}
  # Without an answer of Prometheus nothing is scaled down.
  fallback:
    failureThreshold: 3
    replicas: {{ int64 (.Values.trackReplicas | default $keda.fallbackReplicas) }}
    behavior: currentReplicasIfHigher
  advanced:
    restoreToOriginalReplicaCount: false
    horizontalPodAutoscalerConfig:
      name: {{ .Values.trackName | quote }}
      behavior:
        {{- include "model-server.scaleDown" . | nindent 8 }}
  triggers:
  - type: prometheus
    name: load
    metricType: AverageValue
    metadata:
      serverAddress: {{ $keda.serverAddress | quote }}
      query: {{ include "model-server.query" (dict "root" . "query" (include "model-server.trackQuery" .)) | quote }}
      threshold: {{ toJson $keda.threshold | quote }}
      activationThreshold: {{ toJson $keda.activationThreshold | quote }}
      # No data is no load to KEDA by default, and pods would go.
      ignoreNullValues: "false"
{{- end }}

{{/* The load of a track's own pods, where commits move the traffic between tracks. */}}
{{- define "model-server.trackQuery" -}}
{{- $query := .Values.autoscaling.keda.query }}
{{- if include "model-server.isNative" . }}
{{- $query = replace "job=\"$JOB\"" (printf "job=\"$JOB\",chartloom_dev_track=\"%s\"" .Values.track) $query }}
{{- end }}
{{- $query }}
{{- end }}
