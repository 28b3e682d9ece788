{{/*
A query of the values for this release: dict "root" and "query". Ready and desired pods are told by kube-state-metrics, of
Deployments, or by Argo Rollouts, which names namespaces as its own or as exported. A release may have several sets of
pods: its tracks, its slots, the primary of Flagger. Pods are told apart by the two random parts of their names: web has no
pod of web-api. Quotes are single ones, because queries stand in JSON, too. They are filled in by the order of their names,
what they hold of others after them. $NAME comes last: $NAMESPACE begins like it.
*/}}
{{- define "model-server.query" -}}
{{- $name := .root.Values.fullnameOverride }}
{{- $query := .query }}
{{- range $short, $long := dict
  "$AVAILABLE" `(kube_deployment_status_replicas_available{namespace='$NAMESPACE',deployment=~'$SETS'} or rollout_info_replicas_available{namespace='$NAMESPACE',name='$NAME'} or rollout_info_replicas_available{exported_namespace='$NAMESPACE',name='$NAME'})`
  "$DESIRED" `(kube_deployment_spec_replicas{namespace='$NAMESPACE',deployment=~'$SETS'} or rollout_info_replicas_desired{namespace='$NAMESPACE',name='$NAME'} or rollout_info_replicas_desired{exported_namespace='$NAMESPACE',name='$NAME'})`
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
