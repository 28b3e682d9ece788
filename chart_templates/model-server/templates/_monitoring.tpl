{{/*
A query of the values for this release: dict "root" and "query". Argo Rollouts names namespaces as its own or as exported.
$SETS are tracks, slots and the primary of Flagger; two random parts end names of pods: web has no pod of web-api. Queries
stand in JSON, too: single quotes. A name is filled in before those that its text holds or that it begins with.
*/}}
{{- define "model-server.query" -}}
{{- $name := .root.Values.fullnameOverride }}
{{- $query := .query }}
{{- $replicas := `(kube_deployment_%s{namespace='$NAMESPACE',deployment=~'$SETS'} or rollout_info_replicas_%s{namespace='$NAMESPACE',name='$NAME'} or rollout_info_replicas_%s{exported_namespace='$NAMESPACE',name='$NAME'})` }}
{{- range $short, $long := dict
  "$AVAILABLE" (printf $replicas "status_replicas_available" "available" "available")
  "$DESIRED" (printf $replicas "spec_replicas" "desired" "desired")
  "$PODS" `$SETS-[a-z0-9]+-[a-z0-9]{5}`
  "$SETS" `$NAME(-(canary|blue|green|primary))?`
}}
{{- $query = replace $short $long $query }}
{{- end }}
{{- $query | replace "$JOB" (printf "%s/%s" .root.Release.Namespace $name) | replace "$NAMESPACE" .root.Release.Namespace | replace "$NAME" $name }}
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
