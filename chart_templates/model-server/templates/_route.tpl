{{/* Spec of a route of a Gateway: dict "root" and "key". The API's defaults are written out; else Argo CD reports a difference. */}}
{{- define "model-server.gatewayRoute" -}}
{{- $route := get .root.Values .key -}}
parentRefs:
- group: gateway.networking.k8s.io
  kind: Gateway
  {{- range $key, $value := $route.gateway }}
  {{- if $value }}
  {{ $key }}: {{ $value | quote }}
  {{- end }}
  {{- end }}
{{- with $route.hostnames }}
hostnames:
{{- toYaml . | nindent 0 }}
{{- end }}
{{- with get .root.Values.routing .key }}
rules:
{{- range . }}
- backendRefs:
  {{- range .backendRefs }}
  - {{ include "model-server.backendRef" (merge (dict "root" $.root) .) | indent 4 | trim }}
    weight: {{ dig (.track | default "") "weight" .weight $.root.Values.tracks }}
  {{- end }}
  {{- if or .filters .mirror }}
  filters:
  {{- with .filters }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  {{- with .mirror }}
  - type: RequestMirror
    requestMirror:
      backendRef:
        {{- include "model-server.backendRef" (merge (dict "root" $.root) .) | nindent 8 }}
      percent: {{ .percent }}
  {{- end }}
  {{- end }}
  {{- with omit . "backendRefs" "filters" "mirror" }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* A backend Service: its entry in a rule and "root". */}}
{{- define "model-server.backendRef" -}}
group: ""
kind: Service
name: {{ include "model-server.name" . }}
port: {{ .port }}
{{- end }}

{{- define "model-server.destination" -}}
host: {{ include "model-server.name" . }}
port:
  number: {{ .port }}
{{- end }}

{{/* "true" if requests come from an Istio gateway. */}}
{{- define "model-server.onIstio" -}}
{{- range list .Values.route .Values.grpcRoute }}
{{- if and .enabled (eq .type "istio") }}true{{ end }}
{{- end }}
{{- end }}
