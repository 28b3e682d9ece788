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
{{- include "model-server.env" .env }}
resources:
  {{- toYaml .resources | nindent 2 }}
securityContext:
  {{- toYaml $.securityContext | nindent 2 }}
volumeMounts:
{{- include "model-server.mount" (dict "name" "artifact" "mountPath" .mountPath) }}
{{- end }}
{{- end }}

{{/* If it is killed at any moment, the artifact is complete or absent; the marker is written last. */}}
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
{{- /* Downloads $1 to the path $2. Credentials come from the pod's identity or from env. */}}
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
files="${ARTIFACT_FILES:-}"
case "$ARTIFACT_URI" in
  oci://*) files="" ;; # oras checks the digest
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
