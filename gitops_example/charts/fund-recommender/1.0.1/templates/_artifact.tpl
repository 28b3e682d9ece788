{{/* Full path of the artifact in the container. */}}
{{- define "model-server.artifactTarget" -}}
{{ .mountPath }}{{ with .path }}/{{ . }}{{ end }}
{{- end }}

{{/* A text that the kubelet hands to the container as it stands: it reads $(NAME) as a reference and $$ as one $. */}}
{{- define "model-server.literal" -}}
{{ replace "$" "$$" . }}
{{- end }}

{{/* The init container that fetches the artifact. */}}
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
resources:
  {{- toYaml $artifact.resources | nindent 2 }}
securityContext:
  {{- toYaml .Values.securityContext | nindent 2 }}
volumeMounts:
{{- include "model-server.mount" (dict "name" "artifact" "mount" (pick $artifact "mountPath")) }}
{{- end }}

{{/* Whatever moment it is killed at, the artifact is whole or absent, and the marker is written last. */}}
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
curl --fail --silent --show-error --location --globoff --proto =http,https \
  --connect-timeout 10 --speed-limit 1024 --speed-time 60 --retry 5 --retry-all-errors \
  --output "$partial" --url "$ARTIFACT_URI"
echo "$ARTIFACT_SHA256  $partial" | sha256sum -c -
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
