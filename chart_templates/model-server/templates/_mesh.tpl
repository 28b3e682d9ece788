{{/* What checks tokens: the sidecars of all pods, or the waypoint for all Services. Flagger creates the Services. */}}
{{- define "model-server.checksTokens" -}}
{{- if eq .Values.auth.enforcedBy "waypoint" -}}
targetRefs:
{{- $targets := list "" "-canary" "-primary" }}
{{- if ne .Values.strategy.engine "flagger" }}
{{- $targets = list }}
{{- range .Values.routing.services }}
{{- $targets = append $targets .suffix }}
{{- end }}
{{- end }}
{{- range $targets }}
- group: ""
  kind: Service
  name: {{ include "model-server.name" (dict "root" $ "suffix" .) }}
{{- end }}
{{- else -}}
selector:
  matchLabels:
    {{- include "model-server.podLabels" (dict "root" .) | nindent 4 }}
{{- end }}
{{- end }}

{{- define "model-server.numbers" -}}
{{- range . }}
- {{ int . | quote }}
{{- end }}
{{- end }}
