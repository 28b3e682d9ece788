{{/* Quoted name of an object: dict "root" with "suffix" or "track"; objects of stable have no suffix. */}}
{{- define "model-server.name" -}}
{{- $suffix := .suffix | default (printf "-%s" (.track | default "stable") | trimPrefix "-stable") -}}
{{ printf "%s%s" .root.Values.fullnameOverride $suffix | quote }}
{{- end }}

{{/* Metadata of an object: the root, or a dict as for a name, with "name", "labels" or "annotations". Not for pods: labels contain versions, and new labels restart pods. */}}
{{- define "model-server.metadata" -}}
{{- $root := .root | default . -}}
{{- $labels := dict
  "app.kubernetes.io/name" $root.Values.fullnameOverride
  "app.kubernetes.io/instance" $root.Values.fullnameOverride
  "app.kubernetes.io/component" "model-server"
  "app.kubernetes.io/managed-by" $root.Release.Service -}}
{{- range $key, $value := dict "app.kubernetes.io/version" $root.Chart.AppVersion "helm.sh/chart" (printf "%s-%s" $root.Chart.Name $root.Chart.Version | splitList "+" | first) }}
{{- $_ := regexReplaceAll "[^A-Za-z0-9_.-]" $value "_" | trunc 63 | trimAll "_.-" | set $labels $key }}
{{- end }}
{{- range $key, $value := dict "app.kubernetes.io/part-of" $root.Values.partOf "chartloom.dev/team" $root.Values.team }}
{{- if $value }}{{ $_ := set $labels $key $value }}{{ end }}
{{- end }}
metadata:
  name: {{ .name | quote | default (include "model-server.name" (dict "root" $root "suffix" .suffix "track" .track)) }}
  labels:
    {{- merge (dict) (.labels | default dict) $labels | include "model-server.stringMap" | trim | nindent 4 }}
  {{- with .annotations }}
  annotations:
    {{- include "model-server.stringMap" . | trim | nindent 4 }}
  {{- end }}
{{- end }}

{{/* Selector of all pods of dict "root", or of "track"; with suffix -test of the test. Pods of Flagger have another name. Selectors cannot change. */}}
{{- define "model-server.podLabels" -}}
{{- if or .track .suffix (ne .root.Values.strategy.engine "flagger") -}}
app.kubernetes.io/name: {{ include "model-server.name" (pick . "root" "suffix") }}
{{ end -}}
app.kubernetes.io/instance: {{ .root.Values.fullnameOverride | quote }}
{{- with .track }}
chartloom.dev/track: {{ . }}
{{- end }}
{{- end }}

{{- define "model-server.releaseSelector" -}}
matchLabels:
  {{- include "model-server.podLabels" (dict "root" .) | nindent 2 }}
{{- if eq .Values.strategy.engine "flagger" }}
matchExpressions:
- key: app.kubernetes.io/name
  operator: In
  values: [{{ .Values.fullnameOverride | quote }}, {{ printf "%s-primary" .Values.fullnameOverride | quote }}]
{{- end }}
{{- end }}

{{- define "model-server.containerImage" -}}
image: {{ include "model-server.image" . | quote }}
imagePullPolicy: {{ .pullPolicy | default "IfNotPresent" }}
{{- end }}

{{/* [registry/]repository[:tag][@digest] of an image. */}}
{{- define "model-server.image" -}}
{{ with .registry }}{{ . }}/{{ end }}{{ .repository }}{{ with .tag }}:{{ . }}{{ end }}{{ with .digest }}@{{ . }}{{ end }}
{{- end }}

{{/* Texts are quoted one by one: toYaml and toJson keep control characters, which YAML refuses. */}}
{{- define "model-server.stringMap" -}}
{{- range $key, $value := . }}
{{ $key | quote }}: {{ $value | quote }}
{{- end }}
{{- end }}

{{- define "model-server.strings" -}}
{{- range . }}
- {{ . | quote }}
{{- end }}
{{- end }}

{{/* Ports of the Service, of all containers. */}}
{{- define "model-server.servicePorts" -}}
{{- range merge (dict "" (pick .Values "ports")) .Values.containers }}
{{- if dig "enabled" true . }}
{{- range $name, $port := .ports }}
{{- if and $port.servicePort (dig "enabled" true $port) }}
- name: {{ $name | quote }}
  port: {{ int $port.servicePort }}
  targetPort: {{ $name | quote }}
  protocol: TCP
  appProtocol: {{ $port.appProtocol | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
