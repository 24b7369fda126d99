// PKCS#12 files (RFC 7292): a certificate and its key behind a password.
#pragma once
#include <string>
#include <string_view>

#include "http/certificate.h"

namespace http {

/// Errors: invalid (no such file, wrong password, nothing usable in it).
Result<KeyPair> read_pkcs12(std::string_view der, const std::string& password);
/// The file's bytes. Errors: invalid (broken PEM), internal.
Result<std::string> write_pkcs12(const KeyPair& pair, const std::string& password);

}  // namespace http
