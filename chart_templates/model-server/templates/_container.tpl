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
{{- include "model-server.parameter" (dict "key" $key "value" $value "forms" ($spec.parameterForms | default dict)) }}
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

{{/* The arguments of a parameter: dict "key", "value" and "forms" (parameterForms). */}}
{{- define "model-server.parameter" -}}
{{- $list := kindIs "slice" .value -}}
{{- $form := $list | ternary .forms.lists .forms.switches | default ($list | ternary "repeat" "value") -}}
{{- /* Servers that know --some-key take --some_key, too. */}}
{{- $form = get (.forms.keys | default dict) (replace "_" "-" .key) | default $form -}}
{{- $form = get (.forms.keys | default dict) .key | default $form -}}
{{- if and (kindIs "bool" .value) (has $form (list "pair" "opposite" "flag")) }}
{{- if .value }}
- {{ printf "--%s" .key | quote }}
{{- else if and (eq $form "opposite") (hasPrefix "disable-" .key) }}
- {{ printf "--enable-%s" (trimPrefix "disable-" .key) | quote }}
{{- else if ne $form "flag" }}
- {{ printf "--no-%s" .key | quote }}
{{- end }}
{{- else if and $list (ne $form "json") }}
{{- $texts := list }}
{{- range .value }}
{{- $texts = append $texts (include "model-server.text" .) }}
{{- end }}
{{- if and .value (eq $form "words") }}
{{- include "model-server.strings" (prepend $texts (printf "--%s" .key)) }}
{{- else if and .value (eq $form "commas") }}
- {{ printf "--%s=%s" .key (join "," $texts) | quote }}
{{- else }}
{{- range $texts }}
- {{ printf "--%s=%s" $.key . | quote }}
{{- end }}
{{- end }}
{{- else }}
- {{ printf "--%s=%s" .key (include "model-server.text" .value) | quote }}
{{- end }}
{{- end }}

{{/* A parameter's value as text: JSON has 5000000, printf writes 5e+06. */}}
{{- define "model-server.text" -}}
{{ kindIs "string" . | ternary . (toRawJson .) }}
{{- end }}

{{/* Variables by name, each below those that it refers to: Kubernetes knows only what stands above. */}}
{{- define "model-server.env" -}}
{{- $left := dict }}
{{- range $name, $variable := . }}
{{- if dig "enabled" true $variable }}
{{- $_ := set $left $name $variable }}
{{- end }}
{{- end }}
{{- range until (len $left) }}
{{- $ready := dict }}
{{- range $name, $variable := $left }}
{{- $waits := false }}
{{- if contains "$(" ($variable.value | default "") }}
{{- range regexFindAll "[$][$]|[$][(][^)]*[)]" $variable.value -1 }}
{{- $waits = or $waits (hasKey $left (trimPrefix "$(" . | trimSuffix ")")) }}
{{- end }}
{{- end }}
{{- if not $waits }}
{{- $_ := set $ready $name $variable }}
{{- end }}
{{- end }}
{{- include "model-server.variables" $ready }}
{{- range keys $ready }}
{{- $_ := unset $left . }}
{{- end }}
{{- end }}
{{- include "model-server.variables" $left }}
{{- end }}

{{- define "model-server.variables" -}}
{{- range $name, $variable := . }}
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
