{{- define "model-server.download" -}}
{{- with .artifact -}}
name: artifact
{{ include "model-server.containerImage" .image }}
command:
- sh
- -c
- |
  {{- include "model-server.downloadScript" . | nindent 2 }}
env:
{{- include "model-server.texts" (list
  (list "ARTIFACT_URI" .uri)
  (list "ARTIFACT_SHA256" .sha256)
  (list "ARTIFACT_DIRECTORY" .mountPath)
  (list "ARTIFACT_TARGET" (clean (print .mountPath "/" .path)))
  (list "ARTIFACT_UNPACK" .unpack)) }}
{{- with .files }}
{{- $sums := "" }}
{{- range $path, $sha256 := . }}
{{- $sums = printf "%s%s  %s\n" $sums $sha256 $path }}{{- end }}
{{- include "model-server.texts" (list (list "ARTIFACT_FILES" $sums)) }}{{- end }}{{- with .endpoint }}
{{- include "model-server.texts" (list (list "RCLONE_S3_ENDPOINT" .)) }}{{- end }}{{- range $name, $key := .credentials.variables }}
{{- include "model-server.env" (dict $name (dict "secret" $.artifact.credentials.secret "key" $key)) }}{{- end }}{{- if .credentials.files }}
{{- include "model-server.texts" (list (list "ARTIFACT_CREDENTIALS" "/credentials")) }}{{- end }}
{{- include "model-server.env" .env }}
resources:
  {{- toYaml .resources | nindent 2 }}
securityContext:
  {{- toYaml $.securityContext | nindent 2 }}
volumeMounts:
{{- include "model-server.mount" (dict "name" "artifact" "mountPath" .mountPath) }}
{{- if .credentials.files }}
{{- include "model-server.mount" (dict "name" "artifact-credentials" "mountPath" "/credentials" "readOnly" true) }}{{- end }}{{- end }}{{- end }}
{{- define "model-server.downloadScript" -}}
set -eu
fail() {
  echo "$1" >&2
  exit 1
}
marker="$ARTIFACT_DIRECTORY/.artifact-sha256"
partial="$ARTIFACT_TARGET.partial"
unpacked="$ARTIFACT_TARGET.unpacked"
newline="
"
if [ -f "$marker" ] && [ "$(cat "$marker")" = "$ARTIFACT_SHA256" ]; then
  echo "artifact $ARTIFACT_SHA256 is already here"
  exit 0
fi
rm -rf "$marker" "$ARTIFACT_TARGET" "$partial" "$unpacked"
mkdir -p "$(dirname "$ARTIFACT_TARGET")"
quote() {
  printf '%s' "$1" | tr -d '\r\n' | sed 's/["\\]/\\&/g'
}
login() {
  if [ -n "${ARTIFACT_TOKEN:-}" ]; then
    printf 'header = "Authorization: Bearer %s"\n' "$(quote "$ARTIFACT_TOKEN")"
  elif [ -n "${ARTIFACT_USERNAME:-}" ]; then
    printf 'user = "%s:%s"\n' "$(quote "$ARTIFACT_USERNAME")" "$(quote "$ARTIFACT_PASSWORD")"
  fi
}
provider="${RCLONE_S3_ENDPOINT:+Other}"
provider="${RCLONE_S3_PROVIDER:-${provider:-AWS}}"
fetch() {
  case "$1" in
    s3://*) rclone --config=/notfound copyto --retries 5 ":s3,provider=$provider,env_auth=true:${1#s3://}" "$2" </dev/null ;;
    gs://*) rclone --config=/notfound copyto --retries 5 ":gcs,env_auth=true:${1#gs://}" "$2" </dev/null ;;
    oci://*)
      HOME="${HOME:-/}" oras pull --output "$2" \
        ${ARTIFACT_CREDENTIALS:+--registry-config "$ARTIFACT_CREDENTIALS/config.json"} "${1#oci://}" </dev/null
      ;;
    *)
      login | curl --config - --fail --silent --show-error --location --globoff --proto =http,https \
        --connect-timeout 10 --speed-limit 1024 --speed-time 60 --retry 5 --retry-all-errors --output "$2" --url "$1"
      ;;
  esac
}
check() {
  if [ ! -f "$2" ] || [ -L "$2" ]; then fail "$2: expected a file"; fi
  echo "$1  $2" | sha256sum -c -
}
files="${ARTIFACT_FILES:-}"
pulled=""
case "$ARTIFACT_URI" in
  oci://*) pulled=true ;; # oras downloads all files, and checks the digest
esac
if [ -n "$pulled" ] || [ -z "$files" ]; then fetch "$ARTIFACT_URI" "$partial"; fi
if [ -z "$pulled$files" ]; then check "$ARTIFACT_SHA256" "$partial"; fi
printf '%s' "$files" | while read -r sha256 path; do
  if [ -z "$pulled" ]; then
    mkdir -p "$(dirname "$partial/$path")"
    fetch "$ARTIFACT_URI/$path" "$partial/$path"
  fi
  check "$sha256" "$partial/$path"
done
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
odd="$(find "$partial" ! -type f ! -type d -o -name "*$newline*")"
if [ -n "$odd" ]; then fail "expected files and directories only: $odd"; fi
if [ -n "$files" ]; then
  expected="$(printf '%s' "$files" | cut -c 67- | sort)"
  found="$(cd "$partial" && find . -type f | cut -c 3- | sort)"
  if [ "$found" != "$expected" ]; then fail "expected only these files: $expected"; fi
fi
mv "$partial" "$ARTIFACT_TARGET"
echo "$ARTIFACT_SHA256" > "$marker.partial"
mv "$marker.partial" "$marker"
{{- end }}
{{- define "model-server.container" -}}
{{- $spec := .spec -}}
name: {{ .name | quote }}
{{- with $spec }}
{{ include "model-server.containerImage" .image }}
{{- with .command }}
command:
{{- include "model-server.strings" . }}{{- end }}{{- if or .args .parameters }}
args:
{{- include "model-server.strings" .args }}
{{- range $key, $value := .parameters }}
{{- include "model-server.parameter" (dict "key" $key "value" $value "forms" ($spec.parameterForms | default dict)) }}{{- end }}{{- end }}{{- with include "model-server.env" .env }}
env:
{{- . }}{{- end }}{{- with include "model-server.ports" .ports }}
ports:
{{- . }}{{- end }}{{- range $kind := list "startupProbe" "readinessProbe" "livenessProbe" }}
{{- with include "model-server.probe" (dict "probe" (get $spec $kind) "ports" $spec.ports) }}
{{ $kind }}:
  {{- . | nindent 2 }}{{- end }}{{- end }}{{- with hasKey . "preStopSeconds" | ternary .preStopSeconds $.pod.preStopSeconds }}
lifecycle:
  preStop:
    sleep:
      seconds: {{ int64 . }}{{- end }}{{- with .resources }}
resources:
  {{- toYaml . | nindent 2 }}{{- end }}
securityContext:
  {{- mergeOverwrite (deepCopy $.pod.securityContext) (.securityContext | default dict) | toYaml | nindent 2 }}
{{- with $.mounts }}
volumeMounts:
{{- . }}{{- end }}{{- end }}{{- end }}
{{- define "model-server.parameter" -}}
{{- $list := kindIs "slice" .value -}}
{{- $form := $list | ternary .forms.lists .forms.switches | default ($list | ternary "repeat" "value") -}}
{{- $form = get (.forms.keys | default dict) (replace "_" "-" .key) | default $form -}}
{{- $form = get (.forms.keys | default dict) .key | default $form -}}
{{- if and (kindIs "bool" .value) (has $form (list "pair" "opposite" "flag")) }}
{{- if .value }}
- {{ printf "--%s" .key | quote }}{{- else if and (eq $form "opposite") (hasPrefix "disable-" .key) }}
- {{ printf "--enable-%s" (trimPrefix "disable-" .key) | quote }}{{- else if ne $form "flag" }}
- {{ printf "--no-%s" .key | quote }}{{- end }}{{- else if and $list (ne $form "json") }}
{{- $texts := list }}
{{- range .value }}
{{- $texts = append $texts (include "model-server.text" .) }}{{- end }}{{- if and .value (eq $form "words") }}
{{- include "model-server.strings" (prepend $texts (printf "--%s" .key)) }}{{- else if and .value (eq $form "commas") }}
- {{ printf "--%s=%s" .key (join "," $texts) | quote }}{{- else }}
{{- range $texts }}
- {{ printf "--%s=%s" $.key . | quote }}{{- end }}{{- end }}{{- else }}
- {{ printf "--%s=%s" .key (include "model-server.text" .value) | quote }}{{- end }}{{- end }}
{{- define "model-server.text" -}}
{{ kindIs "string" . | ternary . (toRawJson .) }}{{- end }}
{{- define "model-server.env" -}}
{{- $left := dict }}
{{- range $name, $variable := . }}
{{- if dig "enabled" true $variable }}
{{- $_ := set $left $name $variable }}{{- end }}{{- end }}{{- range until (len $left) }}
{{- $ready := dict }}
{{- range $name, $variable := $left }}
{{- $waits := false }}
{{- if contains "$(" ($variable.value | default "") }}
{{- range regexFindAll "[$][$]|[$][(][^)]*[)]" $variable.value -1 }}
{{- $waits = or $waits (hasKey $left (trimPrefix "$(" . | trimSuffix ")")) }}{{- end }}{{- end }}{{- if not $waits }}
{{- $_ := set $ready $name $variable }}{{- end }}{{- end }}
{{- include "model-server.variables" $ready }}
{{- range keys $ready }}
{{- $_ := unset $left . }}{{- end }}{{- end }}
{{- include "model-server.variables" $left }}{{- end }}
{{- define "model-server.variables" -}}
{{- range $name, $variable := . }}
- name: {{ $name | quote }}
  {{- if $variable.secret }}
  valueFrom:
    secretKeyRef:
      name: {{ $variable.secret | quote }}
      key: {{ $variable.key | quote }}{{- else }}
  value: {{ $variable.value | default "" | quote }}{{- end }}{{- end }}{{- end }}
{{- define "model-server.texts" -}}
{{- range . }}
- name: {{ first . }}
  value: {{ last . | toString | replace "$" "$$" | quote }}{{- end }}{{- end }}
{{- define "model-server.ports" -}}
{{- range $name, $port := . }}
{{- if dig "enabled" true $port }}
- name: {{ $name | quote }}
  containerPort: {{ int $port.containerPort }}
  protocol: TCP
{{- end }}{{- end }}{{- end }}
{{- define "model-server.fileAnnotations" -}}
{{- range $name, $file := . }}
{{- if dig "enabled" true $file }}
{{ include "model-server.fileKey" $name }}: {{ $file.content | quote }}{{- end }}{{- end }}{{- end }}
{{- define "model-server.fileItems" -}}
{{- range $name, $file := . }}
{{- if dig "enabled" true $file }}
- path: {{ $name | quote }}
  fieldRef:
    apiVersion: v1
    fieldPath: {{ include "model-server.fileKey" $name | printf "metadata.annotations['%s']" | quote }}{{- end }}{{- end }}{{- end }}
{{- define "model-server.fileKey" -}}
chartloom.dev/file-{{ sha256sum . | trunc 32 }}{{- end }}
{{- define "model-server.name" -}}
{{- $suffix := .suffix | default (printf "-%s" (.track | default "stable") | trimPrefix "-stable") -}}
{{ printf "%s%s" .root.Values.fullnameOverride $suffix | quote }}{{- end }}
{{- define "model-server.metadata" -}}
{{- $root := .root | default . -}}
{{- $labels := dict
  "app.kubernetes.io/name" $root.Values.fullnameOverride
  "app.kubernetes.io/instance" $root.Values.fullnameOverride
  "app.kubernetes.io/component" "model-server"
  "app.kubernetes.io/managed-by" $root.Release.Service -}}
{{- range $key, $value := dict "app.kubernetes.io/version" $root.Chart.AppVersion "helm.sh/chart" (printf "%s-%s" $root.Chart.Name $root.Chart.Version | splitList "+" | first) }}
{{- $_ := regexReplaceAll "[^A-Za-z0-9_.-]" $value "_" | trunc 63 | trimAll "_.-" | set $labels $key }}{{- end }}{{- range $key, $value := dict "app.kubernetes.io/part-of" $root.Values.partOf "chartloom.dev/team" $root.Values.team }}
{{- if $value }}{{ $_ := set $labels $key $value }}{{ end }}{{- end }}
metadata:
  name: {{ .name | quote | default (include "model-server.name" (dict "root" $root "suffix" .suffix "track" .track)) }}
  labels:
    {{- merge (dict) (.labels | default dict) $labels | include "model-server.stringMap" | trim | nindent 4 }}
  {{- with .annotations }}
  annotations:
    {{- include "model-server.stringMap" . | trim | nindent 4 }}{{- end }}{{- end }}
{{- define "model-server.podLabels" -}}
{{- if or .track .suffix (ne .root.Values.strategy.engine "flagger") -}}
app.kubernetes.io/name: {{ include "model-server.name" (pick . "root" "suffix") }}
{{ end -}}
app.kubernetes.io/instance: {{ .root.Values.fullnameOverride | quote }}
{{- with .track }}
chartloom.dev/track: {{ . }}{{- end }}{{- end }}
{{- define "model-server.releaseSelector" -}}
matchLabels:
  {{- include "model-server.podLabels" (dict "root" .) | nindent 2 }}
{{- if eq .Values.strategy.engine "flagger" }}
matchExpressions:
- key: app.kubernetes.io/name
  operator: In
  values: [{{ .Values.fullnameOverride | quote }}, {{ printf "%s-primary" .Values.fullnameOverride | quote }}]
{{- end }}{{- end }}
{{- define "model-server.containerImage" -}}
image: {{ include "model-server.image" . | quote }}
imagePullPolicy: {{ .pullPolicy | default "IfNotPresent" }}{{- end }}
{{- define "model-server.image" -}}
{{ with .registry }}{{ . }}/{{ end }}{{ .repository }}{{ with .tag }}:{{ . }}{{ end }}{{ with .digest }}@{{ . }}{{ end }}{{- end }}
{{- define "model-server.stringMap" -}}
{{- range $key, $value := . }}
{{ $key | quote }}: {{ $value | quote }}{{- end }}{{- end }}
{{- define "model-server.strings" -}}
{{- range . }}
- {{ . | quote }}{{- end }}{{- end }}
{{- define "model-server.servicePorts" -}}
{{- range merge (dict "" (pick .Values "ports")) .Values.containers }}
{{- if dig "enabled" true . }}
{{- range $name, $port := .ports }}
{{- if and $port.servicePort (dig "enabled" true $port) }}
- name: {{ $name | quote }}
  port: {{ int $port.servicePort }}
  targetPort: {{ $name | quote }}
  protocol: TCP
  appProtocol: {{ $port.appProtocol | quote }}{{- end }}{{- end }}{{- end }}{{- end }}{{- end }}
{{- define "model-server.checksTokens" -}}
{{- if eq .Values.auth.enforcedBy "waypoint" -}}
targetRefs:
{{- $targets := list "" "-canary" "-primary" }}
{{- if ne .Values.strategy.engine "flagger" }}
{{- $targets = list }}
{{- range .Values.routing.services }}
{{- $targets = append $targets .suffix }}{{- end }}{{- end }}{{- range $targets }}
- group: ""
  kind: Service
  name: {{ include "model-server.name" (dict "root" $ "suffix" .) }}{{- end }}{{- else -}}
selector:
  matchLabels:
    {{- include "model-server.podLabels" (dict "root" .) | nindent 4 }}{{- end }}{{- end }}
{{- define "model-server.numbers" -}}
{{- range . }}
- {{ int . | quote }}{{- end }}{{- end }}
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
{{- $query = replace $short $long $query }}{{- end }}
{{- $query | replace "$JOB" (printf "%s/%s" .root.Release.Namespace $name) | replace "$NAMESPACE" .root.Release.Namespace | replace "$NAME" $name }}{{- end }}
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
    runbook_url: {{ . | quote }}{{- end }}{{- end }}{{- end }}{{- end }}
{{- define "model-server.mounts" -}}
{{- with .artifact }}
{{- if eq .delivery "download" }}
{{- include "model-server.mount" (dict "name" "artifact" "mountPath" .mountPath "readOnly" true) }}{{- else if ne .delivery "baked" }}
{{- include "model-server.mount" (dict "name" "artifact" "mountPath" (clean (print .mountPath "/" .path)) "subPath" .subPath "readOnly" true) }}{{- end }}{{- end }}
{{- include "model-server.namedMounts" .volumes }}
{{- range $name, $file := .files }}
{{- if dig "enabled" true $file }}
{{- include "model-server.mount" (dict "name" "files" "mountPath" $file.mountPath "subPath" $name "readOnly" true) }}{{- end }}{{- end }}{{- end }}
{{- define "model-server.namedMounts" -}}
{{- range $name, $mount := . }}
{{- if and $mount.mountPath (dig "enabled" true $mount) }}
{{- include "model-server.mount" (merge (dict "name" $name "readOnly" (or (eq $name "artifact") $mount.readOnly)) $mount) }}{{- end }}{{- end }}{{- end }}
{{- define "model-server.mount" }}
- name: {{ .name | quote }}
  mountPath: {{ .mountPath | quote }}
  {{- with .subPath }}
  subPath: {{ . | quote }}{{- end }}{{- if .readOnly }}
  readOnly: true
  {{- end }}{{- end }}
{{- define "model-server.exceptions" -}}
{{- $reserved := dict
  "0.0.0.0/0" (list "169.254.0.0/16" "168.63.129.16/32" "100.100.100.200/32")
  "::/0" (list "fe80::/10" "fd00:ec2::/32" "fd20:ce::254/128" "64:ff9b::a9fe:0/112") }}
{{- range .exceptions }}
{{- if dig "enabled" true . }}
- {{ $.side }}:
  {{- with .cidr }}
  {{- range $cidr := eq . "*" | ternary (list "0.0.0.0/0" "::/0") (list .) }}
  - ipBlock:
      cidr: {{ $cidr | quote }}
      {{- if and (eq $.side "to") (hasKey $reserved $cidr) }}
      except:
      {{- include "model-server.strings" (get $reserved $cidr) | trim | nindent 6 }}{{- end }}{{- end }}{{- end }}{{- if or .namespace .podLabels (not .cidr) }}
  - podSelector:
      {{- with .podLabels }}
      matchLabels:
        {{- include "model-server.stringMap" . | trim | nindent 8 }}{{- else }} {}
      {{- end }}{{- with .namespace }}
    namespaceSelector:
      {{- if eq . "*" }} {}
      {{- else }}
      matchLabels:
        kubernetes.io/metadata.name: {{ . | quote }}{{- end }}{{- end }}{{- end }}
  {{- $ports := .metrics | default false | ternary (list (dict "port" $.root.Values.metrics.port "protocol" "TCP")) list }}
  {{- range .ports }}
  {{- if dig "enabled" true . }}
  {{- $ports = append $ports (merge (pick . "port" "protocol") (dict "protocol" "TCP")) }}{{- end }}{{- end }}{{- if and $ports $.root.Values.mesh.tunnelPort (not .cidr) }}
  {{- $ports = append $ports (dict "port" (int $.root.Values.mesh.tunnelPort) "protocol" "TCP") }}{{- end }}{{- with $ports }}
  ports:
  {{- toYaml . | nindent 2 }}{{- end }}{{- end }}{{- end }}{{- end }}
{{- define "model-server.testPorts" -}}
- port: {{ .Values.test.port | quote }}
  protocol: TCP
{{- with .Values.mesh.tunnelPort }}
- port: {{ int . }}
  protocol: TCP
{{- end }}{{- end }}
{{- define "model-server.podTemplate" -}}
{{ pick .spec "revisionHistoryLimit" "progressDeadlineSeconds" | toYaml }}
{{- with .spec.minReadySeconds }}
minReadySeconds: {{ int64 . }}{{- end }}
selector:
  matchLabels:
    {{- include "model-server.podLabels" . | nindent 4 }}
template:
  metadata:
    labels:
      {{- include "model-server.podLabels" . | nindent 6 }}
      {{- with include "model-server.stringMap" .root.Values.podLabels }}
      {{- trim . | nindent 6 }}{{- end }}
    {{- $files := include "model-server.fileAnnotations" .spec.files }}
    {{- if or .spec.artifact.sha256 .spec.podAnnotations $files }}
    annotations:
      {{- with $files }}
      {{- trim . | nindent 6 }}{{- end }}{{- with .spec.artifact.sha256 }}
      chartloom.dev/artifact-sha256: {{ . | quote }}{{- end }}{{- with include "model-server.stringMap" .spec.podAnnotations }}
      {{- trim . | nindent 6 }}{{- end }}{{- end }}
  spec:
    {{- include "model-server.pod" . | nindent 4 }}{{- end }}
{{- define "model-server.pod" -}}
serviceAccountName: {{ .root.Values.fullnameOverride | quote }}
{{- with .spec }}
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: {{ int64 .terminationGracePeriodSeconds }}
{{- with include "model-server.pullSecrets" . }}
imagePullSecrets:
{{- . }}{{- end }}
securityContext:
  {{- toYaml .podSecurityContext | nindent 2 }}
{{- range $key := list "priorityClassName" "runtimeClassName" }}
{{- with get $.spec $key }}
{{ $key }}: {{ . | quote }}{{- end }}{{- end }}{{- with include "model-server.stringMap" .nodeSelector }}
nodeSelector:
  {{- trim . | nindent 2 }}{{- end }}{{- with include "model-server.tolerations" . }}
tolerations:
{{- . }}{{- end }}{{- with .affinity }}
affinity:
  {{- toYaml . | nindent 2 }}{{- end }}{{- if .topologySpread.enabled }}
topologySpreadConstraints:
- {{ omit .topologySpread "enabled" | toYaml | indent 2 | trim }}
  labelSelector:
    matchLabels:
      {{- include "model-server.podLabels" $ | nindent 6 }}
  matchLabelKeys:
  - {{ if eq $.root.Values.strategy.engine "argo-rollouts" }}rollouts-{{ end }}pod-template-hash
{{- end }}{{- if eq .artifact.delivery "download" }}
initContainers:
- {{ include "model-server.download" . | indent 2 | trim }}{{- end }}
containers:
- {{ include "model-server.container" (dict "name" "server" "spec" . "pod" . "mounts" (include "model-server.mounts" .)) | indent 2 | trim }}
{{- range $name, $sidecar := .containers }}
{{- if dig "enabled" true $sidecar }}
- {{ include "model-server.container" (dict "name" $name "spec" $sidecar "pod" $.spec "mounts" (include "model-server.namedMounts" $sidecar.mounts)) | indent 2 | trim }}{{- end }}{{- end }}{{- with include "model-server.volumes" $ }}
volumes:
{{- . }}{{- end }}{{- end }}{{- end }}
{{- define "model-server.pullSecrets" -}}
{{- range $name, $secret := .imagePullSecrets }}
{{- if dig "enabled" true $secret }}
- name: {{ $name | quote }}{{- end }}{{- end }}{{- end }}
{{- define "model-server.tolerations" -}}
{{- range .tolerations }}
{{- if dig "enabled" true . }}
- operator: {{ .operator | default "Equal" }}
  {{- range $key, $value := pick . "effect" "key" "value" }}
  {{- if $value }}
  {{ $key }}: {{ $value | quote }}{{- end }}{{- end }}{{- if hasKey . "tolerationSeconds" }}
  tolerationSeconds: {{ int64 .tolerationSeconds }}{{- end }}{{- end }}{{- end }}{{- end }}
{{- define "model-server.probe" -}}
{{- with .probe }}
{{- if ne .type "none" }}
{{- if eq .type "http" -}}
httpGet:
  path: {{ .path | quote }}
  port: {{ .port | quote }}{{- else if eq .type "grpc" -}}
grpc:
  port: {{ dig .port "containerPort" 0 ($.ports | default dict) | int }}{{- else if eq .type "tcp" -}}
tcpSocket:
  port: {{ .port | quote }}{{- else -}}
exec:
  command:
  {{- include "model-server.strings" .command | trim | nindent 2 }}{{- end }}
{{ merge (pick . "periodSeconds" "timeoutSeconds" "failureThreshold") (dict "periodSeconds" 10 "timeoutSeconds" 5 "failureThreshold" 3) | toYaml }}{{- end }}{{- end }}{{- end }}
{{- define "model-server.removed" -}}
{{- range .Values.removed }}
{{- $map := $.Values }}
{{- range initial . }}
{{- $inner := get $map . }}
{{- $map = kindIs "map" $inner | ternary $inner dict }}{{- end }}
{{- $_ := last . | unset $map }}{{- end }}{{- end }}
{{- define "model-server.gatewayRoute" -}}
{{- $route := get .root.Values .key -}}
parentRefs:
- group: gateway.networking.k8s.io
  kind: Gateway
  {{- range $key, $value := $route.gateway }}
  {{- if $value }}
  {{ $key }}: {{ $value | quote }}{{- end }}{{- end }}{{- with $route.hostnames }}
hostnames:
{{- toYaml . | nindent 0 }}{{- end }}{{- with get .root.Values.routing .key }}
rules:
{{- range . }}
- backendRefs:
  {{- range .backendRefs }}
  - {{ include "model-server.backendRef" (merge (dict "root" $.root) .) | indent 4 | trim }}
    weight: {{ dig (.track | default "") "weight" .weight $.root.Values.tracks }}{{- end }}{{- if or .filters .mirror }}
  filters:
  {{- with .filters }}
  {{- toYaml . | nindent 2 }}{{- end }}{{- with .mirror }}
  - type: RequestMirror
    requestMirror:
      backendRef:
        {{- include "model-server.backendRef" (merge (dict "root" $.root) .) | nindent 8 }}
      percent: {{ .percent }}{{- end }}{{- end }}{{- with omit . "backendRefs" "filters" "mirror" }}
  {{- toYaml . | nindent 2 }}{{- end }}{{- end }}{{- end }}{{- end }}
{{- define "model-server.backendRef" -}}
group: ""
kind: Service
name: {{ include "model-server.name" . }}
port: {{ .port }}{{- end }}
{{- define "model-server.destination" -}}
host: {{ include "model-server.name" . }}
port:
  number: {{ .port }}{{- end }}
{{- define "model-server.onIstio" -}}
{{- range list .Values.route .Values.grpcRoute }}
{{- if and .enabled (eq .type "istio") }}true{{ end }}{{- end }}{{- end }}
{{- define "model-server.pods" -}}
{{- $own := get .root.Values.tracks (.track | default "stable") -}}
{{- $scaling := .root.Values.autoscaling -}}
{{ int64 ($own.replicas | default ($scaling.enabled | ternary $scaling.minReplicas .root.Values.replicaCount)) }}{{- end }}
{{- define "model-server.scaleDown" -}}
scaleDown:
  stabilizationWindowSeconds: {{ int64 .scaleDownStabilizationSeconds }}
  policies:
  - type: Pods
    value: 1
    periodSeconds: 60
{{- end }}
{{- define "model-server.scaleTarget" -}}
{{- $argo := eq .root.Values.strategy.engine "argo-rollouts" -}}
apiVersion: {{ $argo | ternary "argoproj.io/v1alpha1" "apps/v1" }}
kind: {{ $argo | ternary "Rollout" "Deployment" }}
name: {{ include "model-server.name" . }}{{- end }}
{{- define "model-server.volumes" -}}
{{- $artifact := .spec.artifact }}
{{- $kinds := dict
  "download" (dict "type" "emptyDir" "sizeLimit" $artifact.sizeLimit)
  "volume" (dict "type" "persistentVolumeClaim" "name" $artifact.claimName "readOnly" true)
  "image" (dict "type" "image" "image" $artifact.reference) }}
{{- with get $kinds $artifact.delivery }}
{{- include "model-server.volume" (dict "name" "artifact" "volume" .) }}{{- end }}{{- if eq $artifact.delivery "download" }}
{{- with $artifact.credentials.files }}
- name: artifact-credentials
  secret:
    secretName: {{ $artifact.credentials.secret | quote }}
    items:
    {{- range $path, $key := . }}
    - key: {{ $key | quote }}
      path: {{ $path | quote }}{{- end }}{{- end }}{{- end }}{{- range $name, $volume := .spec.volumes }}
{{- if dig "enabled" true $volume }}
{{- include "model-server.volume" (dict "name" $name "volume" $volume) }}{{- end }}{{- end }}{{- with include "model-server.fileItems" .spec.files }}
- name: files
  downwardAPI:
    items:
    {{- . | nindent 4 }}{{- end }}{{- end }}
{{- define "model-server.volume" }}
- name: {{ .name | quote }}
  {{- with .volume }}
  {{- if eq .type "configMap" }}
  configMap:
    name: {{ .name | quote }}{{- else if eq .type "secret" }}
  secret:
    secretName: {{ .name | quote }}{{- else if eq .type "persistentVolumeClaim" }}
  persistentVolumeClaim:
    claimName: {{ .name | quote }}
    readOnly: {{ .readOnly | default false }}{{- else if eq .type "image" }}
  image:
    reference: {{ include "model-server.image" .image | quote }}
    pullPolicy: {{ .image.pullPolicy | default "IfNotPresent" }}{{- else if or .medium .sizeLimit }}
  emptyDir:
    {{- with .medium }}
    medium: {{ . | quote }}{{- end }}{{- with .sizeLimit }}
    sizeLimit: {{ . | quote }}{{- end }}{{- else }}
  emptyDir: {}
  {{- end }}{{- end }}{{- end }}
