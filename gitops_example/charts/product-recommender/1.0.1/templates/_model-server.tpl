{{- define "model-server.artifactTarget" -}}
{{ .mountPath }}{{ with .path }}/{{ . }}{{ end }}
{{- end }}
{{- define "model-server.literal" -}}
{{ replace "$" "$$" . }}
{{- end }}
{{- define "model-server.download" -}}
{{- $artifact := .Values.artifact -}}
name: artifact
image: {{ include "model-server.image" $artifact.image | quote }}
imagePullPolicy: {{ $artifact.image.pullPolicy | default "IfNotPresent" }}
command:
- sh
- -c
- |
  {{- include "model-server.downloadScript" . | nindent 2 }}
env:
- name: ARTIFACT_URI
  value: {{ include "model-server.literal" $artifact.uri | quote }}
- name: ARTIFACT_SHA256
  value: {{ $artifact.sha256 | quote }}
- name: ARTIFACT_DIRECTORY
  value: {{ include "model-server.literal" $artifact.mountPath | quote }}
- name: ARTIFACT_TARGET
  value: {{ include "model-server.artifactTarget" $artifact | include "model-server.literal" | quote }}
- name: ARTIFACT_UNPACK
  value: {{ $artifact.unpack | quote }}
{{- with include "model-server.artifactFiles" $artifact.files }}
- name: ARTIFACT_FILES
  value: {{ include "model-server.literal" . | quote }}
{{- end }}
{{- include "model-server.env" $artifact.env }}
resources:
  {{- toYaml $artifact.resources | nindent 2 }}
securityContext:
  {{- toYaml .Values.securityContext | nindent 2 }}
volumeMounts:
{{- include "model-server.mount" (dict "name" "artifact" "mount" (pick $artifact "mountPath")) }}
{{- end }}
{{- define "model-server.artifactFiles" -}}
{{- range $path, $sha256 := . }}
{{- printf "%s  %s\n" $sha256 $path }}
{{- end }}
{{- end }}
{{- define "model-server.fetch" -}}
fetch() {
  case "$1" in
    s3://*) rclone --config=/notfound copyto --retries 5 ":s3,provider=${RCLONE_S3_PROVIDER:-AWS},env_auth=true:${1#s3://}" "$2" ;;
    gs://*) rclone --config=/notfound copyto --retries 5 ":gcs,env_auth=true:${1#gs://}" "$2" ;;
    oci://*) HOME="${HOME:-/}" oras pull --output "$2" "${1#oci://}" ;;
    *)
      curl --fail --silent --show-error --location --globoff --proto =http,https \
        --connect-timeout 10 --speed-limit 1024 --speed-time 60 --retry 5 --retry-all-errors \
        ${ARTIFACT_TOKEN:+--header "Authorization: Bearer $ARTIFACT_TOKEN"} --output "$2" --url "$1"
      ;;
  esac
}
{{- end }}
{{- define "model-server.downloadScript" -}}
set -eu
marker="$ARTIFACT_DIRECTORY/.artifact-sha256"
partial="$ARTIFACT_TARGET.partial"
unpacked="$ARTIFACT_TARGET.unpacked"
if [ -f "$marker" ] && [ "$(cat "$marker")" = "$ARTIFACT_SHA256" ]; then
  echo "artifact $ARTIFACT_SHA256 is already here"
  exit 0
fi
rm -rf "$marker" "$ARTIFACT_TARGET" "$partial" "$unpacked"
mkdir -p "$(dirname "$ARTIFACT_TARGET")"
{{ include "model-server.fetch" . }}
files="${ARTIFACT_FILES:-}"
case "$ARTIFACT_URI" in
  oci://*) files="" ;; # its digest is checked by what pulls it
esac
if [ -z "$files" ]; then
  fetch "$ARTIFACT_URI" "$partial"
fi
printf '%s' "$files" | while read -r sha256 path; do
  mkdir -p "$(dirname "$partial/$path")"
  fetch "$ARTIFACT_URI/$path" "$partial/$path"
  echo "$sha256  $partial/$path" | sha256sum -c -
done
if [ -f "$partial" ]; then
  echo "$ARTIFACT_SHA256  $partial" | sha256sum -c -
fi
if [ "$ARTIFACT_UNPACK" = true ]; then
  mkdir "$unpacked"
  if gzip -t "$partial" 2>/dev/null; then
    tar -xzf "$partial" -C "$unpacked"
  else
    tar -xf "$partial" -C "$unpacked"
  fi
  rm "$partial"
  partial="$unpacked"
fi
chmod -R a+rX "$partial"
mv "$partial" "$ARTIFACT_TARGET"
echo "$ARTIFACT_SHA256" > "$marker.partial"
mv "$marker.partial" "$marker"
{{- end }}
{{- define "model-server.securedRoutes" -}}
{{- range $kind, $key := dict "HTTPRoute" "route" "GRPCRoute" "grpcRoute" }}
{{- $route := get $.Values $key }}
{{- if and $route.enabled (eq $route.type "gateway-api") }}
- group: gateway.networking.k8s.io
  kind: {{ $kind }}
  name: {{ $.Values.fullnameOverride | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- define "model-server.istioTokens" -}}
{{- if and (eq .Values.auth.type "jwt") (include "model-server.onIstio" .) -}}
true
{{- end }}
{{- end }}
{{- define "model-server.container" -}}
name: {{ .name | quote }}
image: {{ include "model-server.image" .spec.image | quote }}
imagePullPolicy: {{ .spec.image.pullPolicy | default "IfNotPresent" }}
{{- with .spec.command }}
command:
{{- include "model-server.strings" . }}
{{- end }}
{{- with include "model-server.args" .spec }}
args:
{{- . }}
{{- end }}
{{- with include "model-server.env" .spec.env }}
env:
{{- . }}
{{- end }}
{{- with include "model-server.ports" .spec.ports }}
ports:
{{- . }}
{{- end }}
{{- range $kind := list "startupProbe" "readinessProbe" "livenessProbe" }}
{{- with include "model-server.probe" (dict "probe" (get $.spec $kind) "ports" $.spec.ports) }}
{{ $kind }}:
  {{- . | nindent 2 }}
{{- end }}
{{- end }}
{{- with hasKey .spec "preStopSeconds" | ternary .spec.preStopSeconds .root.Values.preStopSeconds }}
lifecycle:
  preStop:
    sleep:
      seconds: {{ int64 . }}
{{- end }}
{{- with .spec.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- mergeOverwrite (deepCopy .root.Values.securityContext) (.spec.securityContext | default dict) | toYaml | nindent 2 }}
{{- with .mounts }}
volumeMounts:
{{- . }}
{{- end }}
{{- end }}
{{- define "model-server.strings" -}}
{{- range . }}
- {{ . | quote }}
{{- end }}
{{- end }}
{{- define "model-server.args" -}}
{{- include "model-server.strings" .args }}
{{- range $key, $value := .parameters }}
- {{ printf "--%s=%s" $key (kindIs "string" $value | ternary $value (toJson $value)) | quote }}
{{- end }}
{{- end }}
{{- define "model-server.env" -}}
{{- range $name, $variable := . }}
{{- if dig "enabled" true $variable }}
- name: {{ $name | quote }}
  {{- if $variable.secret }}
  valueFrom:
    secretKeyRef:
      name: {{ $variable.secret | quote }}
      key: {{ $variable.key | quote }}
  {{- else }}
  value: {{ $variable.value | default "" | quote }}
  {{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- define "model-server.ports" -}}
{{- range $name, $port := . }}
{{- if dig "enabled" true $port }}
- name: {{ $name | quote }}
  containerPort: {{ int $port.containerPort }}
  protocol: TCP
{{- end }}
{{- end }}
{{- end }}
{{- define "model-server.deployment" -}}
# source: templates/_deployment.tpl
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Values.trackName | quote }}
  labels:
    {{- include "model-server.labels" . | nindent 4 }}
spec:
  {{- if not (or .Values.autoscaling.enabled (eq .Values.strategy.engine "flagger")) }}
  replicas: {{ int64 (.Values.trackReplicas | default .Values.replicaCount) }}
  {{- end }}
  {{- include "model-server.pace" . | nindent 2 }}
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxSurge: {{ toJson .Values.strategy.rolling.maxSurge }}
      maxUnavailable: {{ toJson .Values.strategy.rolling.maxUnavailable }}
  {{- include "model-server.podTemplate" . | nindent 2 }}
{{- end }}
{{- define "model-server.pace" -}}
revisionHistoryLimit: {{ int64 .Values.revisionHistoryLimit }}
progressDeadlineSeconds: {{ int64 .Values.progressDeadlineSeconds }}
minReadySeconds: {{ int64 .Values.minReadySeconds }}
{{- end }}
{{- define "model-server.podTemplate" -}}
selector:
  matchLabels:
    {{- include "model-server.podLabels" . | nindent 4 }}
template:
  metadata:
    labels:
      {{- include "model-server.podLabels" . | nindent 6 }}
    {{- with include "model-server.podAnnotations" . }}
    annotations:
      {{- trim . | nindent 6 }}
    {{- end }}
  spec:
    {{- include "model-server.pod" . | nindent 4 }}
{{- end }}
{{- define "model-server.filesData" -}}
{{- range $name, $file := .Values.files }}
{{- if dig "enabled" true $file }}
{{ $name | quote }}: {{ $file.content | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- define "model-server.filesName" -}}
{{- with include "model-server.filesData" . }}
{{- printf "%s-files-%s" $.Values.fullnameOverride (sha256sum . | trunc 8) }}
{{- end }}
{{- end }}
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
{{- define "model-server.labelValue" -}}
{{ regexReplaceAll "[^A-Za-z0-9_.-]" . "_" | trunc 63 | trimAll "_.-" }}
{{- end }}
{{- define "model-server.releaseLabels" -}}
app.kubernetes.io/name: {{ .Values.fullnameOverride | quote }}
app.kubernetes.io/instance: {{ .Values.fullnameOverride | quote }}
{{- end }}
{{- define "model-server.podLabels" -}}
{{ include "model-server.releaseLabels" . }}
{{- with .Values.track }}
chartloom.dev/track: {{ . }}
{{- end }}
{{- end }}
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
{{- define "model-server.guardedLabels" -}}
{{- if eq .Values.strategy.engine "flagger" -}}
app.kubernetes.io/instance: {{ .Values.fullnameOverride | quote }}
{{- else -}}
{{ include "model-server.releaseLabels" . }}
{{- end }}
{{- end }}
{{- define "model-server.testLabels" -}}
app.kubernetes.io/name: {{ printf "%s-test" .Values.fullnameOverride | quote }}
app.kubernetes.io/instance: {{ .Values.fullnameOverride | quote }}
{{- end }}
{{- define "model-server.image" -}}
{{ with .registry }}{{ . }}/{{ end }}{{ .repository }}{{ with .tag }}:{{ . }}{{ end }}{{ with .digest }}@{{ . }}{{ end }}
{{- end }}
{{- define "model-server.stringMap" -}}
{{- range $key, $value := . }}
{{ $key | quote }}: {{ $value | quote }}
{{- end }}
{{- end }}
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
{{- define "model-server.ingress" -}}
{{- $route := get .root.Values .key -}}
# source: templates/_ingress.tpl
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {{ .name | quote }}
  labels:
    {{- include "model-server.labels" .root | nindent 4 }}
  {{- with include "model-server.stringMap" .annotations }}
  annotations:
    {{- trim . | nindent 4 }}
  {{- end }}
spec:
  ingressClassName: {{ $route.gateway.name | quote }}
  {{- with .root.Values.tls.secretName }}
  tls:
  - secretName: {{ . | quote }}
    {{- with $route.hostnames }}
    hosts:
    {{- include "model-server.strings" . | trim | nindent 4 }}
    {{- end }}
  {{- end }}
  rules:
  {{- $paths := include "model-server.ingressPaths" . | trim }}
  {{- range $route.hostnames }}
  - host: {{ . | quote }}
    http:
      paths:
      {{- $paths | nindent 6 }}
  {{- else }}
  - http:
      paths:
      {{- $paths | nindent 6 }}
  {{- end }}
{{- end }}
{{- define "model-server.nginxShare" -}}
{{- if and (include "model-server.isNative" .) (eq .Values.strategy.type "canary") }}
nginx.ingress.kubernetes.io/canary: "true"
nginx.ingress.kubernetes.io/canary-weight: {{ int .Values.tracks.canary.weight | quote }}
nginx.ingress.kubernetes.io/canary-weight-total: "100"
{{- range $name, $value := .Values.tracks.canary.headers }}
nginx.ingress.kubernetes.io/canary-by-header: {{ $name | quote }}
nginx.ingress.kubernetes.io/canary-by-header-value: {{ $value | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- define "model-server.ingressPaths" -}}
{{- if eq .key "route" }}
{{- range .root.Values.route.rules }}
{{- if dig "enabled" true . }}
{{- include "model-server.ingressPath" (dict "root" $.root "service" $.service "port" .port "path" .path "type" (eq .type "Exact" | ternary "Exact" "Prefix")) }}
{{- end }}
{{- end }}
{{- else }}
{{- $port := .root.Values.grpcRoute.port }}
{{- range .root.Values.grpcRoute.methods }}
{{- if dig "enabled" true . }}
{{- include "model-server.ingressPath" (dict "root" $.root "service" $.service "port" $port "path" (printf "/%s%s" .service (empty .method | ternary "" (printf "/%s" .method))) "type" (empty .method | ternary "Prefix" "Exact")) }}
{{- end }}
{{- else }}
{{- include "model-server.ingressPath" (dict "root" .root "service" .service "port" $port "path" "/" "type" "Prefix") }}
{{- end }}
{{- end }}
{{- end }}
{{- define "model-server.ingressPath" }}
- path: {{ .path | quote }}
  pathType: {{ .type }}
  backend:
    service:
      name: {{ .service | quote }}
      port:
        number: {{ include "model-server.servicePort" . }}
{{- end }}
{{- define "model-server.onIstio" -}}
{{- if or (and .Values.route.enabled (eq .Values.route.type "istio")) (and .Values.grpcRoute.enabled (eq .Values.grpcRoute.type "istio")) -}}
true
{{- end }}
{{- end }}
{{- define "model-server.istioRules" -}}
{{- $order := list }}
{{- range $name, $rule := .Values.route.rules }}
{{- if dig "enabled" true $rule }}
{{- $order = append $order (printf "%s %04d %s" $rule.type (len $rule.path | sub 9999) $name) }}
{{- end }}
{{- end }}
{{- range sortAlpha $order }}
{{- $name := splitList " " . | last }}
{{- $rule := get $.Values.route.rules $name }}
{{- $matches := include "model-server.istioPaths" $rule | fromYamlArray }}
{{- $tail := include "model-server.istioTail" (dict "root" $ "rule" $rule) }}
{{- with include "model-server.canaryHeaders" $ | fromYaml }}
- name: {{ printf "%s-canary" $name | quote }}
  match:
  {{- include "model-server.istioWithHeaders" (dict "matches" $matches "headers" .) | nindent 2 }}
  {{- $tail | nindent 2 }}
  {{- include "model-server.istioCanary" (dict "root" $ "port" $rule.port) | nindent 2 }}
{{- end }}
- name: {{ $name | quote }}
  match:
  {{- toYaml $matches | nindent 2 }}
  {{- $tail | nindent 2 }}
  {{- include "model-server.istioRoute" (dict "root" $ "port" $rule.port) | nindent 2 }}
{{- end }}
{{- end }}
{{- define "model-server.istioPaths" -}}
{{- $path := trimSuffix "/" .path }}
{{- if or $path (eq .type "Exact") }}
- uri:
    exact: {{ $path | default "/" | quote }}
{{- end }}
{{- if eq .type "PathPrefix" }}
- uri:
    prefix: {{ printf "%s/" $path | quote }}
{{- end }}
{{- end }}
{{- define "model-server.istioTail" -}}
{{- with .rule.rewrite -}}
rewrite:
  uri: {{ printf "%s/" (trimSuffix "/" .) | quote }}
{{ end }}
{{- include "model-server.istioLimits" .root.Values.route | trim }}
{{- end }}
{{- define "model-server.istioWithHeaders" -}}
{{- range .matches | default (list dict) }}
- headers:
    {{- range $name, $value := $.headers }}
    {{ $name | lower | quote }}:
      exact: {{ $value | quote }}
    {{- end }}
  {{- with . }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
{{- end }}
{{- define "model-server.istioCalls" -}}
{{- $matches := include "model-server.istioMethods" .Values.grpcRoute.methods | fromYamlArray }}
{{- $target := dict "root" . "port" .Values.grpcRoute.port }}
{{- with include "model-server.canaryHeaders" . | fromYaml }}
- name: calls-canary
  match:
  {{- include "model-server.istioWithHeaders" (dict "matches" $matches "headers" .) | trim | nindent 2 }}
  {{- include "model-server.istioCanary" $target | nindent 2 }}
{{- end }}
- name: calls
  {{- with $matches }}
  match:
  {{- toYaml . | nindent 2 }}
  {{- end }}
  {{- include "model-server.istioRoute" $target | nindent 2 }}
{{- end }}
{{- define "model-server.istioMethods" -}}
{{- range . }}
{{- if dig "enabled" true . }}
- uri:
    {{- if and .service .method }}
    exact: {{ printf "/%s/%s" .service .method | quote }}
    {{- else if .service }}
    prefix: {{ printf "/%s/" .service | quote }}
    {{- else }}
    regex: {{ printf "/[^/]+/%s" .method | quote }}
    {{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- define "model-server.istioLimits" -}}
{{- with .timeout }}
timeout: {{ . | quote }}
{{- end }}
retries:
  attempts: {{ int .retries.attempts }}
  {{- if .retries.attempts }}
  retryOn: connect-failure,refused-stream,unavailable,503
  {{- with .retries.perTryTimeout }}
  perTryTimeout: {{ . | quote }}
  {{- end }}
  {{- end }}
{{- end }}
{{- define "model-server.istioRoute" -}}
route:
{{- if include "model-server.isShared" .root }}
{{- range include "model-server.shares" .root | fromYamlArray }}
- destination:
    {{- include "model-server.istioDestination" (dict "root" $.root "port" $.port "service" .service) | nindent 4 }}
  weight: {{ int .weight }}
{{- end }}
{{- else }}
- destination:
    {{- include "model-server.istioDestination" (dict "root" .root "port" .port "service" .root.Values.fullnameOverride) | nindent 4 }}
  weight: 100
{{- end }}
{{- with include "model-server.canaryMirror" .root | int }}
mirror:
  {{- include "model-server.istioDestination" (dict "root" $.root "port" $.port "service" (include "model-server.canaryService" $.root)) | nindent 2 }}
mirrorPercentage:
  value: {{ . }}
{{- end }}
{{- end }}
{{- define "model-server.istioCanary" -}}
route:
- destination:
    {{- include "model-server.istioDestination" (dict "root" .root "port" .port "service" (include "model-server.canaryService" .root)) | nindent 4 }}
  weight: 100
{{- end }}
{{- define "model-server.istioDestination" -}}
host: {{ .service | quote }}
port:
  number: {{ include "model-server.servicePort" . }}
{{- end }}
{{- define "model-server.query" -}}
{{- $name := .root.Values.fullnameOverride }}
{{- .query | replace "$JOB" (printf "%s/%s" .root.Release.Namespace $name) | replace "$NAMESPACE" .root.Release.Namespace | replace "$NAME" $name }}
{{- end }}
{{- define "model-server.labelsWith" -}}
{{- include "model-server.stringMap" (merge (dict) .labels (include "model-server.labels" .root | fromYaml)) }}
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
{{- define "model-server.mounts" -}}
{{- $artifact := .Values.artifact }}
{{- if eq $artifact.delivery "download" }}
{{- include "model-server.mount" (dict "name" "artifact" "mount" (dict "mountPath" $artifact.mountPath "readOnly" true)) }}
{{- else if ne $artifact.delivery "baked" }}
{{- include "model-server.mount" (dict "name" "artifact" "mount" (dict "mountPath" (include "model-server.artifactTarget" $artifact) "subPath" $artifact.subPath "readOnly" true)) }}
{{- end }}
{{- range $name, $volume := .Values.volumes }}
{{- if and $volume.mountPath (dig "enabled" true $volume) }}
{{- include "model-server.mount" (dict "name" $name "mount" $volume) }}
{{- end }}
{{- end }}
{{- range $name, $file := .Values.files }}
{{- if dig "enabled" true $file }}
{{- include "model-server.mount" (dict "name" "files" "mount" (dict "mountPath" $file.mountPath "subPath" $name "readOnly" true)) }}
{{- end }}
{{- end }}
{{- end }}
{{- define "model-server.sidecarMounts" -}}
{{- range $name, $mount := .mounts }}
{{- if dig "enabled" true $mount }}
{{- include "model-server.mount" (dict "name" $name "mount" $mount) }}
{{- end }}
{{- end }}
{{- end }}
{{- define "model-server.mount" }}
- name: {{ .name | quote }}
  mountPath: {{ .mount.mountPath | quote }}
  {{- with .mount.subPath }}
  subPath: {{ . | quote }}
  {{- end }}
  {{- if .mount.readOnly }}
  readOnly: true
  {{- end }}
{{- end }}
{{- define "model-server.ingressRules" -}}
{{- if .Values.test.enabled }}
- from:
  - podSelector:
      matchLabels:
        {{- include "model-server.testLabels" . | nindent 8 }}
  ports:
  - port: {{ .Values.test.port | quote }}
    protocol: TCP
{{- end }}
{{- include "model-server.exceptions" (dict "side" "from" "exceptions" .Values.networkPolicy.ingress "metrics" .Values.metrics) }}
{{- end }}
{{- define "model-server.egressRules" -}}
{{- include "model-server.exceptions" (dict "side" "to" "exceptions" .Values.networkPolicy.egress "metrics" .Values.metrics) }}
{{- end }}
{{- define "model-server.exceptions" -}}
{{- range .exceptions }}
{{- if dig "enabled" true . }}
- {{ $.side }}:
  {{- include "model-server.peers" . }}
  {{- with include "model-server.exceptionPorts" (dict "ports" .ports "metrics" (and .metrics $.metrics.port)) }}
  ports:
  {{- trim . | nindent 2 }}
  {{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- define "model-server.peers" -}}
{{- with .cidr }}
  - ipBlock:
      cidr: {{ . | quote }}
{{- end }}
{{- if or .namespace .podLabels (not .cidr) }}
  - podSelector:
      {{- with include "model-server.stringMap" .podLabels }}
      matchLabels:
        {{- trim . | nindent 8 }}
      {{- else }} {}
      {{- end }}
    {{- with .namespace }}
    {{- if eq . "*" }}
    namespaceSelector: {}
    {{- else }}
    namespaceSelector:
      matchLabels:
        kubernetes.io/metadata.name: {{ . | quote }}
    {{- end }}
    {{- end }}
{{- end }}
{{- end }}
{{- define "model-server.exceptionPorts" -}}
{{- with .metrics }}
- port: {{ . | quote }}
  protocol: TCP
{{- end }}
{{- range .ports }}
{{- if dig "enabled" true . }}
- port: {{ toJson .port }}
  protocol: {{ .protocol | default "TCP" }}
{{- end }}
{{- end }}
{{- end }}
{{- define "model-server.podAnnotations" -}}
{{- with .Values.artifact.sha256 }}
chartloom.dev/artifact-sha256: {{ . | quote }}
{{- end }}
{{- include "model-server.stringMap" .Values.podAnnotations }}
{{- end }}
{{- define "model-server.pod" -}}
serviceAccountName: {{ .Values.fullnameOverride | quote }}
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: {{ int64 .Values.terminationGracePeriodSeconds }}
{{- with include "model-server.pullSecrets" . }}
imagePullSecrets:
{{- . }}
{{- end }}
securityContext:
  {{- toYaml .Values.podSecurityContext | nindent 2 }}
{{- include "model-server.scheduling" . }}
{{- if eq .Values.artifact.delivery "download" }}
initContainers:
- {{ include "model-server.download" . | indent 2 | trim }}
{{- end }}
containers:
- {{ include "model-server.container" (dict "name" "server" "spec" .Values "root" . "mounts" (include "model-server.mounts" .)) | indent 2 | trim }}
{{- range $name, $spec := .Values.containers }}
{{- if dig "enabled" true $spec }}
- {{ include "model-server.container" (dict "name" $name "spec" $spec "root" $ "mounts" (include "model-server.sidecarMounts" $spec)) | indent 2 | trim }}
{{- end }}
{{- end }}
{{- with include "model-server.volumes" . }}
volumes:
{{- . }}
{{- end }}
{{- end }}
{{- define "model-server.pullSecrets" -}}
{{- range $name, $secret := .Values.imagePullSecrets }}
{{- if dig "enabled" true $secret }}
- name: {{ $name | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- define "model-server.scheduling" -}}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- with .Values.runtimeClassName }}
runtimeClassName: {{ . | quote }}
{{- end }}
{{- with include "model-server.stringMap" .Values.nodeSelector }}
nodeSelector:
  {{- trim . | nindent 2 }}
{{- end }}
{{- with include "model-server.tolerations" . }}
tolerations:
{{- . }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- $spread := .Values.topologySpread }}
{{- if $spread.enabled }}
topologySpreadConstraints:
- maxSkew: {{ int $spread.maxSkew }}
  topologyKey: {{ $spread.topologyKey | quote }}
  whenUnsatisfiable: {{ $spread.whenUnsatisfiable }}
  labelSelector:
    matchLabels:
      {{- include "model-server.podLabels" . | nindent 6 }}
  matchLabelKeys:
  - {{ eq .Values.strategy.engine "argo-rollouts" | ternary "rollouts-pod-template-hash" "pod-template-hash" }}
{{- end }}
{{- end }}
{{- define "model-server.tolerations" -}}
{{- range .Values.tolerations }}
{{- if dig "enabled" true . }}
- operator: {{ .operator | default "Equal" }}
  {{- with .key }}
  key: {{ . | quote }}
  {{- end }}
  {{- with .value }}
  value: {{ . | quote }}
  {{- end }}
  {{- with .effect }}
  effect: {{ . }}
  {{- end }}
  {{- if hasKey . "tolerationSeconds" }}
  tolerationSeconds: {{ int64 .tolerationSeconds }}
  {{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- define "model-server.probe" -}}
{{- with .probe }}
{{- if ne .type "none" }}
{{- if eq .type "http" -}}
httpGet:
  path: {{ .path | quote }}
  port: {{ .port | quote }}
{{- else if eq .type "grpc" -}}
grpc:
  port: {{ dig .port "containerPort" 0 ($.ports | default dict) | int }}
{{- else if eq .type "tcp" -}}
tcpSocket:
  port: {{ .port | quote }}
{{- else -}}
exec:
  command:
  {{- include "model-server.strings" .command | trim | nindent 2 }}
{{- end }}
periodSeconds: {{ .periodSeconds | default 10 | int64 }}
timeoutSeconds: {{ .timeoutSeconds | default 5 | int64 }}
failureThreshold: {{ .failureThreshold | default 3 | int64 }}
{{- end }}
{{- end }}
{{- end }}
{{- define "model-server.routeParents" -}}
parentRefs:
- group: gateway.networking.k8s.io
  kind: Gateway
  name: {{ .gateway.name | quote }}
  {{- with .gateway.namespace }}
  namespace: {{ . | quote }}
  {{- end }}
  {{- with .gateway.sectionName }}
  sectionName: {{ . | quote }}
  {{- end }}
{{- with .hostnames }}
hostnames:
{{- include "model-server.strings" . }}
{{- end }}
{{- end }}
{{- define "model-server.backendRefs" -}}
backendRefs:
{{- if include "model-server.isShared" .root }}
{{- range include "model-server.shares" .root | fromYamlArray }}
- {{ include "model-server.serviceRef" (dict "root" $.root "port" $.port "service" .service) | indent 2 | trim }}
  weight: {{ int .weight }}
{{- end }}
{{- else }}
- {{ include "model-server.serviceRef" (dict "root" .root "port" .port "service" .root.Values.fullnameOverride) | indent 2 | trim }}
  weight: 1
{{- end }}
{{- end }}
{{- define "model-server.serviceRef" -}}
group: ""
kind: Service
name: {{ .service | quote }}
port: {{ include "model-server.servicePort" . }}
{{- end }}
{{- define "model-server.canaryBackend" -}}
backendRefs:
- {{ include "model-server.serviceRef" (dict "root" .root "port" .port "service" (include "model-server.canaryService" .root)) | indent 2 | trim }}
  weight: 1
{{- end }}
{{- define "model-server.routeRules" -}}
{{- $headers := include "model-server.canaryHeaders" . | fromYaml }}
{{- range .Values.route.rules }}
{{- if dig "enabled" true . }}
{{- if $headers }}
- matches:
  - path:
      type: {{ .type }}
      value: {{ .path | quote }}
    headers:
    {{- include "model-server.headerMatches" (dict "headers" $headers) | trim | nindent 4 }}
  {{- include "model-server.routeFilters" (dict "root" $ "rule" . "mirror" 0) }}
  {{- include "model-server.canaryBackend" (dict "root" $ "port" .port) | nindent 2 }}
{{- end }}
- matches:
  - path:
      type: {{ .type }}
      value: {{ .path | quote }}
  {{- include "model-server.routeFilters" (dict "root" $ "rule" . "mirror" (include "model-server.canaryMirror" $ | int)) }}
  {{- include "model-server.backendRefs" (dict "root" $ "port" .port) | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}
{{- define "model-server.routeFilters" }}
  {{- if or .rule.rewrite .mirror }}
  filters:
  {{- with .rule.rewrite }}
  - type: URLRewrite
    urlRewrite:
      path:
        type: ReplacePrefixMatch
        replacePrefixMatch: {{ . | quote }}
  {{- end }}
  {{- if .mirror }}
  - {{ include "model-server.mirrorFilter" (dict "root" .root "port" .rule.port) | indent 4 | trim }}
  {{- end }}
  {{- end }}
  {{- with .root.Values.route.timeout }}
  timeouts:
    request: {{ . | quote }}
  {{- end }}
{{- end }}
{{- define "model-server.mirrorFilter" -}}
type: RequestMirror
requestMirror:
  backendRef:
    {{- include "model-server.serviceRef" (dict "root" .root "port" .port "service" (include "model-server.canaryService" .root)) | nindent 4 }}
  percent: {{ include "model-server.canaryMirror" .root }}
{{- end }}
{{- define "model-server.headerMatches" -}}
{{- range $name, $value := .headers }}
- type: Exact
  name: {{ $name | quote }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}
{{- define "model-server.grpcRules" -}}
{{- $matches := include "model-server.grpcMatches" .Values.grpcRoute.methods | fromYamlArray }}
{{- $backend := dict "root" . "port" .Values.grpcRoute.port }}
{{- with include "model-server.canaryHeaders" . | fromYaml }}
{{- $headers := include "model-server.headerMatches" (dict "headers" .) | fromYamlArray }}
- matches:
  {{- range $matches | default (list dict) }}
  - {{ set (deepCopy .) "headers" $headers | toYaml | indent 4 | trim }}
  {{- end }}
  {{- include "model-server.canaryBackend" $backend | nindent 2 }}
{{- end }}
- {{ include "model-server.backendRefs" $backend | indent 2 | trim }}
  {{- if include "model-server.canaryMirror" . | int }}
  filters:
  - {{ include "model-server.mirrorFilter" $backend | indent 4 | trim }}
  {{- end }}
  {{- with $matches }}
  matches:
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
{{- define "model-server.grpcMatches" -}}
{{- range . }}
{{- if dig "enabled" true . }}
- method:
    type: Exact
    {{- with .service }}
    service: {{ . | quote }}
    {{- end }}
    {{- with .method }}
    method: {{ . | quote }}
    {{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- define "model-server.scaleDown" -}}
scaleDown:
  stabilizationWindowSeconds: {{ int64 .Values.autoscaling.scaleDownStabilizationSeconds }}
  # One pod a minute: a model server that comes back needs minutes to load its model.
  policies:
  - type: Pods
    value: 1
    periodSeconds: 60
{{- end }}
{{- define "model-server.scaleTarget" -}}
{{- if eq .Values.strategy.engine "argo-rollouts" -}}
apiVersion: argoproj.io/v1alpha1
kind: Rollout
{{- else -}}
apiVersion: apps/v1
kind: Deployment
{{- end }}
name: {{ .Values.trackName | quote }}
{{- end }}
{{- define "model-server.hpa" -}}
# source: templates/_scaling.tpl
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ .Values.trackName | quote }}
  labels:
    {{- include "model-server.labels" . | nindent 4 }}
spec:
  scaleTargetRef:
    {{- include "model-server.scaleTarget" . | nindent 4 }}
  minReplicas: {{ int64 (.Values.trackReplicas | default .Values.autoscaling.minReplicas) }}
  maxReplicas: {{ int64 .Values.autoscaling.maxReplicas }}
  metrics:
  - type: Resource
    resource:
      name: cpu
      target:
        type: Utilization
        averageUtilization: {{ int64 .Values.autoscaling.targetCPUUtilizationPercentage }}
  behavior:
    {{- include "model-server.scaleDown" . | nindent 4 }}
{{- end }}
{{- define "model-server.scaledObject" -}}
{{- $keda := .Values.autoscaling.keda -}}
# source: templates/_scaling.tpl
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: {{ .Values.trackName | quote }}
  labels:
    {{- include "model-server.labels" . | nindent 4 }}
spec:
  scaleTargetRef:
    {{- include "model-server.scaleTarget" . | nindent 4 }}
  minReplicaCount: {{ int64 (.Values.trackReplicas | default .Values.autoscaling.minReplicas) }}
  maxReplicaCount: {{ int64 .Values.autoscaling.maxReplicas }}
  pollingInterval: {{ int64 $keda.pollingInterval }}
  cooldownPeriod: {{ int64 $keda.cooldownPeriod }}
  # Without an answer of Prometheus nothing is scaled down.
  fallback:
    failureThreshold: 3
    replicas: {{ int64 (.Values.trackReplicas | default $keda.fallbackReplicas) }}
    behavior: currentReplicasIfHigher
  advanced:
    restoreToOriginalReplicaCount: false
    horizontalPodAutoscalerConfig:
      name: {{ .Values.trackName | quote }}
      behavior:
        {{- include "model-server.scaleDown" . | nindent 8 }}
  triggers:
  - type: prometheus
    name: load
    metricType: AverageValue
    metadata:
      serverAddress: {{ $keda.serverAddress | quote }}
      query: {{ include "model-server.query" (dict "root" . "query" (include "model-server.trackQuery" .)) | quote }}
      threshold: {{ toJson $keda.threshold | quote }}
      activationThreshold: {{ toJson $keda.activationThreshold | quote }}
      # No data is no load to KEDA by default, and pods would go.
      ignoreNullValues: "false"
{{- end }}
{{- define "model-server.trackQuery" -}}
{{- $query := .Values.autoscaling.keda.query }}
{{- if include "model-server.isNative" . }}
{{- $query = replace "job=\"$JOB\"" (printf "job=\"$JOB\",chartloom_dev_track=\"%s\"" .Values.track) $query }}
{{- end }}
{{- $query }}
{{- end }}
{{- define "model-server.testURL" -}}
http://{{ .Values.fullnameOverride }}:{{ include "model-server.servicePort" (dict "root" . "port" .Values.test.port) }}{{ .Values.test.path }}
{{- end }}
{{- define "model-server.testScript" -}}
set -eu
set -- --request "$TEST_METHOD" --url "$TEST_URL"
if [ -n "$TEST_BODY" ]; then
  set -- "$@" --header "Content-Type: $TEST_CONTENT_TYPE" --data-raw "$TEST_BODY"
fi
code=0
answer="$(curl --fail-with-body --silent --show-error --globoff --max-time 60 --retry 3 --retry-connrefused "$@")" || code=$?
printf '%s\n' "$answer"
if [ "$code" -ne 0 ]; then
  exit "$code"
fi
case "$answer" in
  *"$TEST_EXPECT"*) echo "the answer is as expected" ;;
  *) echo "the answer does not contain: $TEST_EXPECT" >&2; exit 1 ;;
esac
{{- end }}
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
{{- define "model-server.trackName" -}}
{{ .root.Values.fullnameOverride }}{{ if ne .track "stable" }}-{{ .track }}{{ end }}
{{- end }}
{{- define "model-server.liveTrack" -}}
{{- $live := "stable" }}
{{- range $name, $track := .Values.tracks }}
{{- if eq (int $track.weight) 100 }}
{{- $live = $name }}
{{- end }}
{{- end }}
{{- $live }}
{{- end }}
{{- define "model-server.isNative" -}}
{{- if and (eq .Values.strategy.engine "native") (ne .Values.strategy.type "rolling") -}}
true
{{- end }}
{{- end }}
{{- define "model-server.isShared" -}}
{{- if or (and (eq .Values.strategy.engine "native") (eq .Values.strategy.type "canary")) (dig "canary" "canaryService" "" .Values.strategy.rollout) -}}
true
{{- end }}
{{- end }}
{{- define "model-server.trackLabels" -}}
{{ include "model-server.releaseLabels" .root }}
{{- if include "model-server.isNative" .root }}
chartloom.dev/track: {{ .track }}
{{- end }}
{{- end }}
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
{{- define "model-server.canaryHeaders" -}}
{{- if include "model-server.isNative" . }}
{{- range $name, $value := dig "canary" "headers" dict .Values.tracks }}
{{ $name | quote }}: {{ $value | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- define "model-server.canaryMirror" -}}
{{- if include "model-server.isNative" . }}
{{- dig "canary" "mirror" 0 .Values.tracks | int }}
{{- else -}}
0
{{- end }}
{{- end }}
{{- define "model-server.canaryService" -}}
{{ .Values.fullnameOverride }}-canary
{{- end }}
{{- define "model-server.ingressService" -}}
{{ .Values.fullnameOverride }}{{ if and (include "model-server.isNative" .) (eq .Values.strategy.type "canary") }}-stable{{ end }}
{{- end }}
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
{{- define "model-server.volumes" -}}
{{- $artifact := .Values.artifact }}
{{- if eq $artifact.delivery "download" }}
{{- include "model-server.volume" (dict "name" "artifact" "volume" (dict "type" "emptyDir" "sizeLimit" $artifact.sizeLimit)) }}
{{- else if eq $artifact.delivery "volume" }}
{{- include "model-server.volume" (dict "name" "artifact" "volume" (dict "type" "persistentVolumeClaim" "name" $artifact.claimName "readOnly" true)) }}
{{- else if eq $artifact.delivery "image" }}
{{- include "model-server.volume" (dict "name" "artifact" "volume" (dict "type" "image" "image" $artifact.reference)) }}
{{- end }}
{{- range $name, $volume := .Values.volumes }}
{{- if dig "enabled" true $volume }}
{{- include "model-server.volume" (dict "name" $name "volume" $volume) }}
{{- end }}
{{- end }}
{{- with include "model-server.filesName" . }}
{{- include "model-server.volume" (dict "name" "files" "volume" (dict "type" "configMap" "name" .)) }}
{{- end }}
{{- end }}
{{- define "model-server.volume" }}
{{- $volume := .volume }}
- name: {{ .name | quote }}
  {{- if eq $volume.type "configMap" }}
  configMap:
    name: {{ $volume.name | quote }}
  {{- else if eq $volume.type "secret" }}
  secret:
    secretName: {{ $volume.name | quote }}
  {{- else if eq $volume.type "persistentVolumeClaim" }}
  persistentVolumeClaim:
    claimName: {{ $volume.name | quote }}
    readOnly: {{ $volume.readOnly | default false }}
  {{- else if eq $volume.type "image" }}
  image:
    reference: {{ include "model-server.image" $volume.image | quote }}
    pullPolicy: {{ $volume.image.pullPolicy | default "IfNotPresent" }}
  {{- else if or $volume.medium $volume.sizeLimit }}
  emptyDir:
    {{- with $volume.medium }}
    medium: {{ . | quote }}
    {{- end }}
    {{- with $volume.sizeLimit }}
    sizeLimit: {{ . | quote }}
    {{- end }}
  {{- else }}
  emptyDir: {}
  {{- end }}
{{- end }}
