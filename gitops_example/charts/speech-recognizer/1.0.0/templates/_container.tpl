{{/*
A container: dict "name", "spec" (its values), "root" and "mounts" (as text). The model server and every sidecar.
A sidecar waits before SIGTERM as long as the server does unless it says otherwise: it may be what the Service points at.
*/}}
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

{{/* toJson writes a number as it is; printing it directly would turn 5000000 into 5e+06. */}}
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
