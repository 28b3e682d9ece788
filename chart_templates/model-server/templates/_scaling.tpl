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
