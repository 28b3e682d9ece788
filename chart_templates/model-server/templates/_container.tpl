{{/* A container: dict "name", "spec" (its values), "pod" (the pod's) and "mounts" (text). */}}
{{- define "model-server.container" -}}
{{- $spec := .spec -}}
name: {{ .name | quote }}
{{- with $spec }}
{{ include "model-server.containerImage" .image }}
{{- with .command }}
command:
{{- include "model-server.strings" . }}
{{- end }}
{{- if or .args .parameters }}
args:
{{- include "model-server.strings" .args }}
{{- range $key, $value := .parameters }}
{{- /* toJson writes 5000000, printf 5e+06. */}}
- {{ printf "--%s=%s" $key (kindIs "string" $value | ternary $value (toJson $value)) | quote }}
{{- end }}
{{- end }}
{{- with include "model-server.env" .env }}
env:
{{- . }}
{{- end }}
{{- with include "model-server.ports" .ports }}
ports:
{{- . }}
{{- end }}
{{- range $kind := list "startupProbe" "readinessProbe" "livenessProbe" }}
{{- with include "model-server.probe" (dict "probe" (get $spec $kind) "ports" $spec.ports) }}
{{ $kind }}:
  {{- . | nindent 2 }}
{{- end }}
{{- end }}
{{- /* A sidecar waits as long as the server: the Service may point at the sidecar. */}}
{{- with hasKey . "preStopSeconds" | ternary .preStopSeconds $.pod.preStopSeconds }}
lifecycle:
  preStop:
    sleep:
      seconds: {{ int64 . }}
{{- end }}
{{- with .resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- mergeOverwrite (deepCopy $.pod.securityContext) (.securityContext | default dict) | toYaml | nindent 2 }}
{{- with $.mounts }}
volumeMounts:
{{- . }}
{{- end }}
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

{{/* Variables from pairs of name and text: the kubelet reads $(NAME) as a reference and $$ as one $. */}}
{{- define "model-server.texts" -}}
{{- range . }}
- name: {{ first . }}
  value: {{ last . | toString | replace "$" "$$" | quote }}
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
