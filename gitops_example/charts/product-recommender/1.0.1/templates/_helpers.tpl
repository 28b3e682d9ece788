{{/* Labels of objects. Never for pods or selectors: they hold the versions, and pods would restart with them. */}}
{{- define "model-server.labels" -}}
app.kubernetes.io/name: {{ .Values.fullnameOverride | quote }}
app.kubernetes.io/instance: {{ .Values.fullnameOverride | quote }}
app.kubernetes.io/version: {{ include "model-server.labelValue" .Chart.AppVersion | quote }}
app.kubernetes.io/component: model-server
{{- with .Values.partOf }}
app.kubernetes.io/part-of: {{ . | quote }}
{{- end }}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | include "model-server.labelValue" | quote }}
{{- with .Values.team }}
chartloom.dev/team: {{ . | quote }}
{{- end }}
{{- end }}

{{/* Any text as the value of a label. */}}
{{- define "model-server.labelValue" -}}
{{ regexReplaceAll "[^A-Za-z0-9_.-]" . "_" | trunc 63 | trimAll "_.-" }}
{{- end }}

{{/* Labels of all pods of the release: what the Service, the budget and the network policy select. */}}
{{- define "model-server.releaseLabels" -}}
app.kubernetes.io/name: {{ .Values.fullnameOverride | quote }}
app.kubernetes.io/instance: {{ .Values.fullnameOverride | quote }}
{{- end }}

{{/* Labels of the pods of this track: what the Deployment selects. Selectors can never be changed. */}}
{{- define "model-server.podLabels" -}}
{{ include "model-server.releaseLabels" . }}
{{- with .Values.track }}
chartloom.dev/track: {{ . }}
{{- end }}
{{- end }}

{{/* What selects all pods of the release; those that Flagger makes have a name of their own. */}}
{{- define "model-server.releaseSelector" -}}
{{- if eq .Values.strategy.engine "flagger" -}}
matchLabels:
  app.kubernetes.io/instance: {{ .Values.fullnameOverride | quote }}
matchExpressions:
- key: app.kubernetes.io/name
  operator: In
  values:
  - {{ .Values.fullnameOverride | quote }}
  - {{ printf "%s-primary" .Values.fullnameOverride | quote }}
{{- else -}}
matchLabels:
  {{- include "model-server.releaseLabels" . | nindent 2 }}
{{- end }}
{{- end }}

{{/* The same where only labels can be said: with Flagger the test's pod, too. */}}
{{- define "model-server.guardedLabels" -}}
{{- if eq .Values.strategy.engine "flagger" -}}
app.kubernetes.io/instance: {{ .Values.fullnameOverride | quote }}
{{- else -}}
{{ include "model-server.releaseLabels" . }}
{{- end }}
{{- end }}

{{/* Labels of the test pod: other ones than the server's, so that neither the Service nor the network policy selects it. */}}
{{- define "model-server.testLabels" -}}
app.kubernetes.io/name: {{ printf "%s-test" .Values.fullnameOverride | quote }}
app.kubernetes.io/instance: {{ .Values.fullnameOverride | quote }}
{{- end }}

{{/* [registry/]repository[:tag][@digest] of an image. */}}
{{- define "model-server.image" -}}
{{ with .registry }}{{ . }}/{{ end }}{{ .repository }}{{ with .tag }}:{{ . }}{{ end }}{{ with .digest }}@{{ . }}{{ end }}
{{- end }}

{{/* A map of strings. Quoted one by one: toYaml and toJson let control characters through, which YAML refuses. */}}
{{- define "model-server.stringMap" -}}
{{- range $key, $value := . }}
{{ $key | quote }}: {{ $value | quote }}
{{- end }}
{{- end }}

{{/* Ports of the Service, of all containers. */}}
{{- define "model-server.servicePorts" -}}
{{- include "model-server.containerServicePorts" .Values.ports }}
{{- range .Values.containers }}
{{- if dig "enabled" true . }}
{{- include "model-server.containerServicePorts" .ports }}
{{- end }}
{{- end }}
{{- end }}

{{- define "model-server.containerServicePorts" -}}
{{- range $name, $port := . }}
{{- if and $port.servicePort (dig "enabled" true $port) }}
- name: {{ $name | quote }}
  port: {{ int $port.servicePort }}
  targetPort: {{ $name | quote }}
  protocol: TCP
  appProtocol: {{ $port.appProtocol | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* Number of the Service port that is called .port; 0, which every schema refuses, if there is none. */}}
{{- define "model-server.servicePort" -}}
{{- $wanted := .port }}
{{- $number := 0 }}
{{- range include "model-server.servicePorts" .root | fromYamlArray }}
{{- if eq .name $wanted }}
{{- $number = .port }}
{{- end }}
{{- end }}
{{- int $number }}
{{- end }}
