#include "applets/cli/lowlevel/signature_file.h"

#include <cstdio>
#include <print>

#include "http/certificate.h"

namespace cli {
namespace {

struct Digest {
  size_t size;
  const char* type;
};
constexpr Digest kDigests[] = {{20, "sha1"}, {28, "sha224"}, {32, "sha256"}, {48, "sha384"}, {64, "sha512"}};

Result<std::string> digest_type(size_t size) {
  for (const Digest& known : kDigests)
    if (size == known.size) return std::string(known.type);
  return fail(Code::invalid, "Unexpected signature length {}", size);
}

Result<std::vector<Signature>> from_pem(const std::vector<http::PemBlock>& blocks, bool bundle) {
  std::vector<Signature> out;
  for (const http::PemBlock& block : blocks) {
    if (block.name == "SIGNATURE") {
      if (!bundle) return fail(Code::invalid, "Cannot add signature without --bundle");
      out.push_back({TRY(digest_type(block.bytes.size())), block.bytes});
    } else if (block.name == "CERTIFICATE") {
      if (http::der_to_pem(block.bytes).empty()) return fail(Code::invalid, "Failed to parse PEM certificate");
      out.push_back({"x509", block.bytes});
    } else {
      std::println(stderr, "Warning: Ignored {} block", block.name);
    }
  }
  return out;
}

}  // namespace

Result<std::vector<Signature>> read_signatures(std::string_view content, bool bundle) {
  std::vector<Signature> out = TRY(from_pem(http::pem_blocks(content), bundle));
  if (out.empty()) {
    auto certificates = http::split_der(content);
    if (!certificates) return fail(Code::invalid, "Failed to parse input file as either PEM or DER certificate");
    for (std::string& der : *certificates) out.push_back({"x509", std::move(der)});
  }
  if (out.empty()) return fail(Code::invalid, "Input file contains no certificate");
  if (!bundle) out.resize(1);
  return out;
}

}  // namespace cli
