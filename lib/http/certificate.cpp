#include "http/certificate.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/hash.h"
#include "base/durable.h"
#include "base/encode.h"
#include "http/openssl.h"

namespace http {

using namespace openssl;

namespace {

constexpr long kTenYears = 10L * 365 * 24 * 3600;

std::string host_name() {
  char name[256] = "";
  return gethostname(name, sizeof name - 1) == 0 && name[0] ? name : "UNKNOWN";
}

std::string user_name() {
  const passwd* entry = getpwuid(getuid());
  return entry && entry->pw_name[0] ? entry->pw_name : "UNKNOWN";
}

bool is_address(const std::string& text) {
  in6_addr address;
  return inet_pton(AF_INET, text.c_str(), &address) == 1 || inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

bool add_extension(X509* certificate, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str());
  bool added = extension && X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

/// The alternative names in OpenSSL's own notation. Hosts come from the machine itself, so a comma in one is dropped, not escaped.
std::string alternative_names(const StringList& hosts) {
  StringList names;
  for (const std::string& host : hosts) {
    if (host.empty() || host.find_first_of(",\n:") != std::string::npos) {
      if (!is_address(host)) continue;
    }
    names.push_back((is_address(host) ? "IP:" : "DNS:") + host);
  }
  return join(names, ",");
}

void set_subject(X509* certificate) {
  X509_NAME* name = X509_get_subject_name(certificate);
  std::string common = user_name() + "@" + host_name();
  auto add = [&](const char* field, const std::string& text) {
    X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()), -1, 0);
  };
  add("O", "Linux Containers");
  add("CN", common.substr(0, 64));  // X.520's limit
  X509_set_issuer_name(certificate, name);
}

bool set_serial(X509* certificate) {
  std::string bytes = random_bytes(16);
  bytes[0] &= 0x7f;  // positive
  BIGNUM* number = BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()), nullptr);
  bool done = BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nullptr;
  BN_free(number);
  return done;
}

std::string name_text(const X509_NAME* name) {
  BioPtr out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  return text_of(out.get());
}

std::string common_name(const X509_NAME* name) {
  int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (at < 0) return "";
  unsigned char* text = nullptr;
  int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
  std::string out = size > 0 ? std::string(reinterpret_cast<char*>(text), static_cast<size_t>(size)) : "";
  OPENSSL_free(text);
  return out;
}

Timestamp timestamp(const ASN1_TIME* time) {
  tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return Timestamp::from_unix(timegm(&parts));
}

std::string address_text(const ASN1_OCTET_STRING* address) {
  char text[INET6_ADDRSTRLEN] = "";
  int family = ASN1_STRING_length(address) == 4 ? AF_INET : AF_INET6;
  inet_ntop(family, ASN1_STRING_get0_data(address), text, sizeof text);
  return text;
}

void read_alternative_names(X509* certificate, CertificateInfo& info) {
  auto* names = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    if (name->type == GEN_DNS) {
      info.dns_names.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)), ASN1_STRING_length(name->d.dNSName));
    } else if (name->type == GEN_IPADD) {
      info.addresses.push_back(address_text(name->d.iPAddress));
    }
  }
  GENERAL_NAMES_free(names);
}

}  // namespace

Result<KeyPair> generate_certificate(CertificateUse use, const StringList& hosts, Curve curve) {
  KeyPtr key(EVP_EC_gen(curve == Curve::p256 ? "P-256" : "P-384"));
  X509Ptr certificate(X509_new());
  if (!key || !certificate) return fail_ssl(Code::internal, "Failed to generate key");
  X509* c = certificate.get();
  X509_set_version(c, X509_VERSION_3);
  X509_gmtime_adj(X509_getm_notBefore(c), 0);
  X509_gmtime_adj(X509_getm_notAfter(c), kTenYears);
  set_subject(c);
  bool server = use == CertificateUse::server;
  std::string names = alternative_names(hosts.empty() && server ? StringList{"unspecified"} : hosts);
  bool done = set_serial(c) && X509_set_pubkey(c, key.get()) == 1 && add_extension(c, NID_key_usage, "critical,digitalSignature,keyEncipherment") &&
              add_extension(c, NID_ext_key_usage, server ? "serverAuth" : "clientAuth") &&
              add_extension(c, NID_basic_constraints, "critical,CA:FALSE") && (names.empty() || add_extension(c, NID_subject_alt_name, names)) &&
              X509_sign(c, key.get(), curve == Curve::p256 ? EVP_sha256() : EVP_sha384()) > 0;
  if (!done) return fail_ssl(Code::internal, "Failed to create certificate");
  BioPtr out(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_PrivateKey_traditional(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return fail_ssl(Code::internal, "Failed to write the key");
  }
  return KeyPair{to_pem(c), text_of(out.get())};
}

Result<KeyPair> load_or_generate(const std::string& certificate_path, const std::string& key_path, CertificateUse use, const StringList& hosts) {
  if (access(certificate_path.c_str(), F_OK) == 0 && access(key_path.c_str(), F_OK) == 0) {
    KeyPair pair{TRY(read_file(certificate_path)), TRY(read_file(key_path))};
    TRY_CTX(read_certificate(pair.certificate_pem), "{}", certificate_path);
    TRY_CTX(read_key(pair.key_pem), "{}", key_path);
    return pair;
  }
  KeyPair pair = TRY(generate_certificate(use, hosts));
  TRY(write_file_durable(key_path, pair.key_pem, 0600));
  TRY(write_file_durable(certificate_path, pair.certificate_pem, 0644));
  return pair;
}

StringList local_host_names() {
  StringList names{host_name()};
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return names;
  for (const ifaddrs* entry = list; entry; entry = entry->ifa_next) {
    if (!entry->ifa_addr) continue;
    char text[INET6_ADDRSTRLEN] = "";
    if (entry->ifa_addr->sa_family == AF_INET) {
      inet_ntop(AF_INET, &reinterpret_cast<sockaddr_in*>(entry->ifa_addr)->sin_addr, text, sizeof text);
    } else if (entry->ifa_addr->sa_family == AF_INET6) {
      const auto& address = reinterpret_cast<sockaddr_in6*>(entry->ifa_addr)->sin6_addr;
      if (IN6_IS_ADDR_LINKLOCAL(&address)) continue;
      inet_ntop(AF_INET6, &address, text, sizeof text);
    }
    if (text[0]) names.emplace_back(text);
  }
  freeifaddrs(list);
  return names;
}

Result<std::string> pem_to_der(std::string_view pem) { return to_der(TRY(read_certificate(pem)).get()); }

std::string der_to_pem(std::string_view der) {
  const auto* data = reinterpret_cast<const unsigned char*>(der.data());
  X509Ptr certificate(d2i_X509(nullptr, &data, static_cast<long>(der.size())));
  return certificate ? to_pem(certificate.get()) : "";
}

Result<StringList> split_der(std::string_view der) {
  StringList out;
  while (!der.empty()) {
    const auto* end = reinterpret_cast<const unsigned char*>(der.data());
    X509Ptr certificate(d2i_X509(nullptr, &end, static_cast<long>(der.size())));
    if (!certificate) return fail_ssl(Code::invalid, "Invalid certificate");
    size_t size = static_cast<size_t>(reinterpret_cast<const char*>(end) - der.data());
    out.emplace_back(der.substr(0, size));
    der.remove_prefix(size);
  }
  return out;
}

std::vector<PemBlock> pem_blocks(std::string_view text) {
  std::vector<PemBlock> out;
  BioPtr in = memory(text);
  char *name = nullptr, *header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  while (PEM_read_bio(in.get(), &name, &header, &data, &size) == 1) {
    out.push_back({name, std::string(reinterpret_cast<char*>(data), static_cast<size_t>(size))});
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(data);
  }
  last_error();  // the end of the text is reported as an error
  return out;
}

std::string to_pem_block(const std::string& name, std::string_view bytes) {
  BioPtr out(BIO_new(BIO_s_mem()));
  PEM_write_bio(out.get(), name.c_str(), "", reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<long>(bytes.size()));
  return text_of(out.get());
}

Result<std::string> certificate_fingerprint(std::string_view pem) { return archive::sha256_hex(TRY(pem_to_der(pem))); }

Result<CertificateInfo> parse_certificate(std::string_view pem) {
  X509Ptr certificate = TRY(read_certificate(pem));
  CertificateInfo info;
  info.subject = name_text(X509_get_subject_name(certificate.get()));
  info.issuer = name_text(X509_get_issuer_name(certificate.get()));
  info.common_name = common_name(X509_get_subject_name(certificate.get()));
  info.not_before = timestamp(X509_get0_notBefore(certificate.get()));
  info.not_after = timestamp(X509_get0_notAfter(certificate.get()));
  info.fingerprint = archive::sha256_hex(to_der(certificate.get()));
  info.is_ca = X509_check_ca(certificate.get()) == 1;
  read_alternative_names(certificate.get(), info);
  return info;
}

Result<bool> is_signed_by(std::string_view pem, std::string_view ca_pem, std::string_view crl_pem) {
  X509Ptr certificate = TRY(read_certificate(pem));
  StorePtr store(X509_STORE_new());
  StoreContextPtr context(X509_STORE_CTX_new());
  if (!store || !context) return fail_ssl(Code::internal, "Cannot verify a certificate");
  for (X509Ptr& ca : read_certificates(ca_pem)) X509_STORE_add_cert(store.get(), ca.get());
  unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN;
  if (!crl_pem.empty()) {
    CrlPtr crl(PEM_read_bio_X509_CRL(memory(crl_pem).get(), nullptr, nullptr, nullptr));
    if (!crl) return fail_ssl(Code::invalid, "Invalid certificate revocation list");
    X509_STORE_add_crl(store.get(), crl.get());
    flags |= X509_V_FLAG_CRL_CHECK;
  }
  X509_STORE_set_flags(store.get(), flags);
  if (X509_STORE_CTX_init(context.get(), store.get(), certificate.get(), nullptr) != 1) return fail_ssl(Code::internal, "Cannot verify a certificate");
  bool valid = X509_verify_cert(context.get()) == 1;
  (void)last_error();
  return valid;
}

}  // namespace http
