{{/*
A template for each track that runs, with that track's values: dict "root" and "template". A part of the track's workload
takes the place of the chart's as a whole; .Values.track is the track's name, .Values.trackName that of its objects.
*/}}
{{- define "model-server.eachTrack" }}
{{- range $name, $track := .root.Values.tracks }}
{{- if $track.enabled }}
{{- $values := omit $.root.Values "tracks" }}
{{- range $key, $part := $track.workload }}
{{- $_ := set $values $key $part }}
{{- end }}
{{- $_ := set $values "track" $name }}
{{- $_ := set $values "trackName" (include "model-server.trackName" (dict "root" $.root "track" $name)) }}
{{- $_ := set $values "trackReplicas" $track.replicas }}
---
{{ include $.template (dict "Values" $values "Chart" $.root.Chart "Release" $.root.Release) }}
{{- end }}
{{- end }}
{{- end }}

{{/* Name of the objects of a track: dict "root" and "track". */}}
{{- define "model-server.trackName" -}}
{{ .root.Values.fullnameOverride }}{{ if ne .track "stable" }}-{{ .track }}{{ end }}
{{- end }}

{{/* The track that has all the traffic; stable while it is shared. */}}
{{- define "model-server.liveTrack" -}}
{{- $live := "stable" }}
{{- range $name, $track := .Values.tracks }}
{{- if eq (int $track.weight) 100 }}
{{- $live = $name }}
{{- end }}
{{- end }}
{{- $live }}
{{- end }}

{{/* "true" where commits move the traffic between tracks. */}}
{{- define "model-server.isNative" -}}
{{- if and (eq .Values.strategy.engine "native") (ne .Values.strategy.type "rolling") -}}
true
{{- end }}
{{- end }}

{{/* "true" where two Services share the traffic by weights in a route: those of a canary, be they moved by commits or by Argo Rollouts. */}}
{{- define "model-server.isShared" -}}
{{- if or (and (eq .Values.strategy.engine "native") (eq .Values.strategy.type "canary")) (dig "canary" "canaryService" "" .Values.strategy.rollout) -}}
true
{{- end }}
{{- end }}

{{/* What a Service beside the first one selects: the pods of a track. Argo Rollouts adds the hash of its pods: dict "root" and "track". */}}
{{- define "model-server.trackLabels" -}}
{{ include "model-server.releaseLabels" .root }}
{{- if include "model-server.isNative" .root }}
chartloom.dev/track: {{ .track }}
{{- end }}
{{- end }}

{{/* The Services that share the traffic, with their weights. */}}
{{- define "model-server.shares" -}}
{{- if include "model-server.isNative" . }}
{{- range $name := list "stable" "canary" }}
- service: {{ printf "%s-%s" $.Values.fullnameOverride $name | quote }}
  weight: {{ int (get $.Values.tracks $name).weight }}
{{- end }}
{{- else }}
- service: {{ .Values.fullnameOverride | quote }}
  weight: 100
- service: {{ .Values.strategy.rollout.canary.canaryService | quote }}
  weight: 0
{{- end }}
{{- end }}

{{/* Headers by which requests reach the canary, as a map. */}}
{{- define "model-server.canaryHeaders" -}}
{{- if include "model-server.isNative" . }}
{{- range $name, $value := dig "canary" "headers" dict .Values.tracks }}
{{ $name | quote }}: {{ $value | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* Percent of the requests that the canary gets a copy of. */}}
{{- define "model-server.canaryMirror" -}}
{{- if include "model-server.isNative" . }}
{{- dig "canary" "mirror" 0 .Values.tracks | int }}
{{- else -}}
0
{{- end }}
{{- end }}

{{/* The canary's Service. */}}
{{- define "model-server.canaryService" -}}
{{ .Values.fullnameOverride }}-canary
{{- end }}

{{/* The Service behind an Ingress; ingress-nginx has another Ingress for the canary. */}}
{{- define "model-server.ingressService" -}}
{{ .Values.fullnameOverride }}{{ if and (include "model-server.isNative" .) (eq .Values.strategy.type "canary") }}-stable{{ end }}
{{- end }}

{{/* Services beside the first one, by the end of their names, with the track that each selects. They are there always: a route whose Service is missing answers with errors. */}}
{{- define "model-server.trackServices" -}}
{{- if include "model-server.servicePorts" . }}
{{- if and (eq .Values.strategy.engine "native") (eq .Values.strategy.type "canary") }}
stable: stable
canary: canary
{{- else if and (eq .Values.strategy.engine "native") (eq .Values.strategy.type "blueGreen") }}
preview: {{ eq (include "model-server.liveTrack" .) "green" | ternary "blue" "green" }}
{{- else if dig "canary" "canaryService" "" .Values.strategy.rollout }}
canary: canary
{{- else if dig "blueGreen" "previewService" "" .Values.strategy.rollout }}
preview: preview
{{- end }}
{{- end }}
{{- end }}
