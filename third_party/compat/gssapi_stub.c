// GSSAPI for libssh's static link: Debian has no static Kerberos, and nothing here logs in by it. libssh only gets here when an SSH client asks for
// "gssapi-with-mic" all the same; each call fails, so that libssh refuses that login and the client tries the next method.
#include <stddef.h>
#include <stdint.h>

enum { kComplete = 0, kFailure = 13 << 16 };  // GSS_S_COMPLETE, GSS_S_FAILURE

typedef struct {
  size_t length;
  void *value;
} Buffer;  // gss_buffer_desc

const void *GSS_C_NT_HOSTBASED_SERVICE = NULL, *GSS_C_NT_USER_NAME = NULL;

#define RESULT(name, value) \
  uint32_t name(void);      \
  uint32_t name(void) { return value; }

RESULT(gss_accept_sec_context, kFailure)
RESULT(gss_acquire_cred, kFailure)
RESULT(gss_add_oid_set_member, kFailure)
RESULT(gss_display_name, kFailure)
RESULT(gss_get_mic, kFailure)
RESULT(gss_import_name, kFailure)
RESULT(gss_indicate_mechs, kFailure)
RESULT(gss_init_sec_context, kFailure)
RESULT(gss_inquire_cred, kFailure)
RESULT(gss_inquire_cred_by_mech, kFailure)
RESULT(gss_test_oid_set_member, kFailure)
RESULT(gss_verify_mic, kFailure)
// Nothing was ever made, so there is nothing to let go.
RESULT(gss_delete_sec_context, kComplete)
RESULT(gss_release_buffer, kComplete)
RESULT(gss_release_cred, kComplete)
RESULT(gss_release_name, kComplete)
RESULT(gss_release_oid, kComplete)
RESULT(gss_release_oid_set, kComplete)

// Its result is used without a look at the return value.
uint32_t gss_create_empty_oid_set(uint32_t *minor, void **set);
uint32_t gss_create_empty_oid_set(uint32_t *minor, void **set) {
  *minor = 0;
  *set = NULL;
  return kFailure;
}

// An empty text, because libssh prints what it gets.
uint32_t gss_display_status(uint32_t *minor, uint32_t status, int kind, void *mechanism, uint32_t *more, Buffer *text);
uint32_t gss_display_status(uint32_t *minor, uint32_t status, int kind, void *mechanism, uint32_t *more, Buffer *text) {
  (void)status, (void)kind, (void)mechanism;
  *minor = *more = 0;
  text->length = 0;
  text->value = (void *)"";
  return kFailure;
}
