{{/* Container that downloads the artifact: values. */}}
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
{{- $sums = printf "%s%s  %s\n" $sums $sha256 $path }}
{{- end }}
{{- include "model-server.texts" (list (list "ARTIFACT_FILES" $sums)) }}
{{- end }}
{{- with .endpoint }}
{{- include "model-server.texts" (list (list "RCLONE_S3_ENDPOINT" .)) }}
{{- end }}
{{- range $name, $key := .credentials.variables }}
{{- include "model-server.env" (dict $name (dict "secret" $.artifact.credentials.secret "key" $key)) }}
{{- end }}
{{- if .credentials.files }}
{{- include "model-server.texts" (list (list "ARTIFACT_CREDENTIALS" "/credentials")) }}
{{- end }}
{{- include "model-server.env" .env }}
resources:
  {{- toYaml .resources | nindent 2 }}
securityContext:
  {{- toYaml $.securityContext | nindent 2 }}
volumeMounts:
{{- include "model-server.mount" (dict "name" "artifact" "mountPath" .mountPath) }}
{{- if .credentials.files }}
{{- include "model-server.mount" (dict "name" "artifact-credentials" "mountPath" "/credentials" "readOnly" true) }}
{{- end }}
{{- end }}
{{- end }}

{{/* If it is killed at any moment, the artifact is complete or absent; the marker is written last. */}}
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
{{- /* The configuration of curl, which takes it from its input: arguments can be read by other processes. */}}
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
{{- /* Downloads $1 to the path $2; without credentials, with the pod's identity. */}}
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
{{- /* Where a store has a folder instead of a file, rclone downloads all that is in it. */}}
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
{{- /* Nothing else may be there: no links to files of the server, and no name that looks like two. */}}
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
