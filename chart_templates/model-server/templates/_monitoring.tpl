{{/* A query of the values for this release. $NAME comes last: $NAMESPACE begins like it. Dict "root" and "query". */}}
{{- define "model-server.query" -}}
{{- $name := .root.Values.fullnameOverride }}
{{- .query | replace "$JOB" (printf "%s/%s" .root.Release.Namespace $name) | replace "$NAMESPACE" .root.Release.Namespace | replace "$NAME" $name }}
{{- end }}

{{- define "model-server.alerts" -}}
{{- range $name, $alert := .Values.monitoring.rules.alerts }}
{{- if dig "enabled" true $alert }}
- alert: {{ $name | quote }}
  expr: {{ include "model-server.query" (dict "root" $ "query" $alert.expr) | quote }}
  for: {{ $alert.for | quote }}
  labels:
    severity: {{ $alert.severity | quote }}
    namespace: {{ $.Release.Namespace | quote }}
    model: {{ $.Values.fullnameOverride | quote }}
  annotations:
    summary: {{ $alert.summary | quote }}
    description: {{ $alert.description | quote }}
    {{- with $alert.runbook }}
    runbook_url: {{ . | quote }}
    {{- end }}
{{- end }}
{{- end }}
{{- end }}
