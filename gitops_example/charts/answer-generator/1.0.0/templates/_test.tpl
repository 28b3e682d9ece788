{{- define "model-server.testURL" -}}
http://{{ .Values.fullnameOverride }}:{{ include "model-server.servicePort" (dict "root" . "port" .Values.test.port) }}{{ .Values.test.path }}
{{- end }}

{{/* All texts come by environment variables: the shell never reads them as commands, case compares "$TEST_EXPECT" as it stands. */}}
{{- define "model-server.testScript" -}}
set -eu
set -- --request "$TEST_METHOD" --url "$TEST_URL"
if [ -n "$TEST_BODY" ]; then
  set -- "$@" --header "Content-Type: $TEST_CONTENT_TYPE" --data-raw "$TEST_BODY"
fi
code=0
answer="$(curl --fail-with-body --silent --show-error --globoff --max-time 60 --retry 3 --retry-connrefused "$@")" || code=$?
printf '%s\n' "$answer"
if [ "$code" -ne 0 ]; then
  exit "$code"
fi
case "$answer" in
  *"$TEST_EXPECT"*) echo "the answer is as expected" ;;
  *) echo "the answer does not contain: $TEST_EXPECT" >&2; exit 1 ;;
esac
{{- end }}
