// A new TPM's endorsement key, certified by the platform's CA (swtpm_setup(8), swtpm-localca.conf(5)).
#pragma once
#include "base/context.h"
#include "base/result.h"
#include "base/strings.h"

namespace device {

/// Makes the folder `state` of a new TPM and, where `server_config` has instances.tpm.platform_cert and instances.tpm.platform_key, the state in it: with an
/// endorsement key and a platform certificate that this CA signed. A folder that holds a TPM's state already is left as it is. What the CA's key is needed in lies in
/// `scratch`, a folder that this function makes and removes. All or nothing: a failure leaves no state. Takes seconds (it makes RSA keys).
/// Errors: unsupported (swtpm_setup missing), internal with what swtpm_setup said.
Result<> provision_tpm(const Context& ctx, const std::string& state, const std::string& scratch, const StringMap& server_config);

}  // namespace device
