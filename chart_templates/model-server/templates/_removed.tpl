{{/* Takes the paths of "removed" out of the values; each file includes it first, because helm renders files in any order. */}}
{{- define "model-server.removed" -}}
{{- range .Values.removed }}
{{- $map := $.Values }}
{{- range initial . }}
{{- $inner := get $map . }}
{{- $map = kindIs "map" $inner | ternary $inner dict }}
{{- end }}
{{- $_ := last . | unset $map }}
{{- end }}
{{- end }}
