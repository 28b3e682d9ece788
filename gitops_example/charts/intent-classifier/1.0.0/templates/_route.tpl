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

{{/* The Service as a backend: dict "root" and "port" (its name). */}}
{{- define "model-server.backendRefs" -}}
backendRefs:
- group: ""
  kind: Service
  name: {{ .root.Values.fullnameOverride | quote }}
  port: {{ include "model-server.servicePort" . }}
  weight: 1
{{- end }}

{{- define "model-server.routeRules" -}}
{{- range .Values.route.rules }}
{{- if dig "enabled" true . }}
- matches:
  - path:
      type: {{ .type }}
      value: {{ .path | quote }}
  {{- with .rewrite }}
  filters:
  - type: URLRewrite
    urlRewrite:
      path:
        type: ReplacePrefixMatch
        replacePrefixMatch: {{ . | quote }}
  {{- end }}
  {{- with $.Values.route.timeout }}
  timeouts:
    request: {{ . | quote }}
  {{- end }}
  {{- include "model-server.backendRefs" (dict "root" $ "port" .port) | nindent 2 }}
{{- end }}
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
