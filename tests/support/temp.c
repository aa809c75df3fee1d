#include "tests/support/temp.h"

#include <stdlib.h>

#include "harness/base/fs.h"
#include "harness/base/mem.h"

int temp_setup(void **state)
{
	*state = mem_strdup("/tmp/lnm-test-XXXXXX");
	return mkdtemp(*state) ? 0 : -1;
}

int temp_teardown(void **state)
{
	struct error err = { 0 };
	int rc = fs_remove_tree(*state, &err);

	mem_free(*state);
	return rc;
}
