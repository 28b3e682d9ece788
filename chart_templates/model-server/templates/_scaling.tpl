{{/* The fewest pods of dict "root" or of "track". An autoscaler sets them, also a fixed number: if the owner of "replicas" changes, the API server sets 1. */}}
{{- define "model-server.pods" -}}
{{- $own := get .root.Values.tracks (.track | default "stable") -}}
{{- $scaling := .root.Values.autoscaling -}}
{{ int64 ($own.replicas | default ($scaling.enabled | ternary $scaling.minReplicas .root.Values.replicaCount)) }}
{{- end }}

{{- define "model-server.scaleDown" -}}
scaleDown:
  stabilizationWindowSeconds: {{ int64 .scaleDownStabilizationSeconds }}
  # One pod per minute: a new model server needs minutes to load its model.
  policies:
  - type: Pods
    value: 1
    periodSeconds: 60
{{- end }}

{{- define "model-server.scaleTarget" -}}
{{- $argo := eq .root.Values.strategy.engine "argo-rollouts" -}}
apiVersion: {{ $argo | ternary "argoproj.io/v1alpha1" "apps/v1" }}
kind: {{ $argo | ternary "Rollout" "Deployment" }}
name: {{ include "model-server.name" . }}
{{- end }}
