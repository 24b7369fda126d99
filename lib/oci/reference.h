// Names of images in OCI registries: which server, which repository, which version. Untrusted text. (distribution-spec, "Pulling manifests".)
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"

namespace oci {

/// A registry as a remote's URL names it: "https://[user:password@]host[:port][/prefix]".
struct RegistryUrl {
  std::string base;      ///< scheme, host and port of the API, no slash at the end
  std::string name;      ///< what images are called after: "docker.io", "localhost:5000"
  std::string prefix;    ///< put before every repository, "" or "team/project"
  std::string user;      ///< unescaped; empty without credentials
  std::string password;
};
/// Plain http is for loopback addresses only. docker.io is an alias of the server that really has its API. Errors: invalid.
Result<RegistryUrl> parse_registry(std::string_view url);

/// Passes https, and plain http to this machine itself. Errors: invalid.
Result<> check_encrypted(std::string_view url);

struct Reference {
  std::string repository;  ///< with the registry's prefix, and "library/" where docker.io adds it
  std::string tag;         ///< "latest" if nothing was said; empty if a digest was
  std::string digest;      ///< "sha256:…", or empty

  /// What stands in request paths.
  const std::string& version() const { return digest.empty() ? tag : digest; }
};
/// "NAME", "NAME:TAG", "NAME@DIGEST"; of "NAME:TAG@DIGEST" the digest counts. Errors: invalid, naming what is wrong.
Result<Reference> parse_reference(const RegistryUrl& registry, std::string_view image);

/// "sha256:" and 64 lower-case hex digits: the only algorithm that is accepted.
bool is_digest(std::string_view text);
/// The hex part. `digest` must be one.
std::string digest_hex(std::string_view digest);

}  // namespace oci
