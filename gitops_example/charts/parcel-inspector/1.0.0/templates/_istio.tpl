{{/* "true" where an Istio gateway carries requests or calls. */}}
{{- define "model-server.onIstio" -}}
{{- if or (and .Values.route.enabled (eq .Values.route.type "istio")) (and .Values.grpcRoute.enabled (eq .Values.grpcRoute.type "istio")) -}}
true
{{- end }}
{{- end }}

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

{{/* What else is said of a rule's requests: dict "root" and "rule". */}}
{{- define "model-server.istioTail" -}}
{{- with .rule.rewrite -}}
rewrite:
  uri: {{ printf "%s/" (trimSuffix "/" .) | quote }}
{{ end }}
{{- include "model-server.istioLimits" .root.Values.route | trim }}
{{- end }}

{{/* Matches that want headers, too: dict "matches" and "headers". */}}
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

{{/* gRPC calls, all of them where no method is named. */}}
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

{{/* Where requests go, and where a copy of them goes: dict "root" and "port". */}}
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
