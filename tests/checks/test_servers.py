"""Variables of a release that load other code than the image's, and those that only set how it runs."""

from __future__ import annotations

import pytest
import registries as r
from resolved import loaded

from generator.checks.scope import Scope
from generator.checks.servers import started_programs

LOADERS = """
    LD_PRELOAD PYTHONPATH ENV BASH_ENV LUA_INIT LUA_INIT_5_4 LUA_CPATH DOTNET_STARTUP_HOOKS DOTNET_ROOT_X64
    CORECLR_ENABLE_PROFILING CORECLR_PROFILER_PATH CORECLR_PROFILER_PATH_64 COR_PROFILER CUDA_INJECTION64_PATH
    NVTX_INJECTION64_PATH OMP_TOOL OMP_TOOL_LIBRARIES NCCL_NET_PLUGIN NCCL_TUNER_PLUGIN NCCL_NET NCCL_CONF_FILE
    HSA_TOOLS_LIB ROCP_TOOL_LIB FI_PROVIDER_PATH UCX_MODULE_DIR OMPI_MCA_mca_base_component_path
    TF_PLUGGABLE_DEVICE_LIBRARY_PATH PJRT_NAMES_AND_LIBRARY_PATHS TPU_LIBRARY_PATH OCL_ICD_VENDORS OCL_ICD_FILENAMES
    OPENCL_VENDOR_PATH OPENCL_LAYERS VK_ICD_FILENAMES VK_ADD_DRIVER_FILES VK_LAYER_PATH VK_IMPLICIT_LAYER_PATH
    TRITON_PTXAS_PATH TRITON_PLUGIN_PATHS CUDA_HOME BENTO_PATH BENTOML_CONFIG BENTOML_HOME VIRTUAL_ENV GIT_SSH_COMMAND
""".split()
FREE = """
    CUDA_VISIBLE_DEVICES OMP_NUM_THREADS NCCL_DEBUG NCCL_P2P_DISABLE NCCL_SOCKET_IFNAME DOTNET_GCHeapCount
    TF_NUM_INTRAOP_THREADS TF_CPP_MIN_LOG_LEVEL ENVIRONMENT LOG_LEVEL HTTPS_PROXY SSL_CERT_FILE UCX_TLS
""".split()


@pytest.mark.parametrize(('names', 'refused'), [(LOADERS, LOADERS), (FREE, [])], ids=['loaders', 'free'])
def test_a_release_sets_no_variable_that_loads_code(names: list[str], refused: list[str]) -> None:
    env = {name: {'value': 'x'} for name in names}
    files = r.settings() | r.model('web') | r.following('prod') | r.release('prod', 'web', values={'env': env})
    found = [problem.message for problem in started_programs(Scope(loaded(files)))]
    assert found == [f"a release may not set variable '{name}'" for name in sorted(refused)]
