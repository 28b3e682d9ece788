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
