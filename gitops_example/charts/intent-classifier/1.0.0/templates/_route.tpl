{{/* What both kinds of route have: dict "root" and "route". The API's defaults are written out, or Argo CD would see a difference. */}}
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

{{/* The Services as backends: dict "root" and "port" (its name). */}}
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

{{/* The canary alone as a backend: dict "root" and "port". */}}
{{- define "model-server.canaryBackend" -}}
backendRefs:
- {{ include "model-server.serviceRef" (dict "root" .root "port" .port "service" (include "model-server.canaryService" .root)) | indent 2 | trim }}
  weight: 1
{{- end }}

{{/* Requests with the canary's headers, before all others: what has more to match comes first. */}}
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

{{/* What is done to requests of a rule: dict "root", "rule" and "mirror" (percent). */}}
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

{{/* A copy of requests for the canary: dict "root" and "port". */}}
{{- define "model-server.mirrorFilter" -}}
type: RequestMirror
requestMirror:
  backendRef:
    {{- include "model-server.serviceRef" (dict "root" .root "port" .port "service" (include "model-server.canaryService" .root)) | nindent 4 }}
  percent: {{ include "model-server.canaryMirror" .root }}
{{- end }}

{{/* Dict "headers". */}}
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
