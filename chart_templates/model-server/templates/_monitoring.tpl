{{/*
Fills in a query of the values: dict "root" and "query". Metrics of Argo Rollouts have a label namespace or exported_namespace.
$SETS are tracks, slots and the primary of Flagger. Names of pods end with two random parts: web matches no pod of web-api.
$HERE leaves out what pods of charts expose themselves: each has a label that its PodMonitor adds, or any pod could say that others are up.
Queries are also in JSON: single quotes. The order matters: a replacement may contain later names, or a name start with one.
*/}}
{{- define "model-server.query" -}}
{{- $name := .root.Values.fullnameOverride }}
{{- $query := .query }}
{{- $pods := `(kube_deployment_%s{$HERE,deployment=~'$SETS'} or rollout_info_replicas_%s{$HERE,name='$NAME'} or rollout_info_replicas_%s{exported_$HERE,name='$NAME'})` }}
{{- range $short, $long := dict
  "$AVAILABLE" (printf $pods "status_replicas_available" "available" "available")
  "$DESIRED" (printf $pods "spec_replicas" "desired" "desired")
  "$HERE" `namespace='$NAMESPACE',chartloom_dev_track='',rollouts_pod_template_hash=''`
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
