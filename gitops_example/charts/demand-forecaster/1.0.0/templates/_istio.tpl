{{/* HTTP rules. The first match counts, so exact paths come first, then long ones; a prefix of Istio takes /apis for /api, so the path itself and what stands below it are named. */}}
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
- name: {{ $name | quote }}
  match:
  {{- $path := trimSuffix "/" $rule.path }}
  {{- if or $path (eq $rule.type "Exact") }}
  - uri:
      exact: {{ $path | default "/" | quote }}
  {{- end }}
  {{- if eq $rule.type "PathPrefix" }}
  - uri:
      prefix: {{ printf "%s/" $path | quote }}
  {{- end }}
  {{- with $rule.rewrite }}
  rewrite:
    uri: {{ printf "%s/" (trimSuffix "/" .) | quote }}
  {{- end }}
  {{- include "model-server.istioLimits" $.Values.route | trim | nindent 2 }}
  route:
  - {{ include "model-server.istioDestination" (dict "root" $ "port" $rule.port) | indent 4 | trim }}
{{- end }}
{{- end }}

{{/* gRPC calls, all of them where no method is named. */}}
{{- define "model-server.istioCalls" -}}
name: calls
{{- with include "model-server.istioMethods" .Values.grpcRoute.methods }}
match:
{{- trim . | nindent 0 }}
{{- end }}
route:
- {{ include "model-server.istioDestination" (dict "root" . "port" .Values.grpcRoute.port) | indent 2 | trim }}
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

{{- define "model-server.istioDestination" -}}
destination:
  host: {{ .root.Values.fullnameOverride | quote }}
  port:
    number: {{ include "model-server.servicePort" . }}
weight: 100
{{- end }}
