/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where the CPU changes mode: the launch, the way in from an exit, the way back to the guest, the way
 * out of VMX, and root's own exception gates. Root, but for vmx_launch, which the guest kernel calls.
 *
 * NMIs are the hard part: one that arrives in root between the last look at root_nmi and VMRESUME
 * would be forgotten until the next exit. The gate therefore checks whether it interrupted that
 * stretch and, if so, sends it back to vmx_again: the guest's registers are still in memory there.
 */
#include <linux/linkage.h>
#include <linux/stringify.h>
#include <asm/alternative.h>
#include <asm/cpufeatures.h>
#include "offsets.h"

#define FIELD_GUEST_RSP 0x681c
#define FIELD_GUEST_RIP 0x681e

.macro PUSH_GUEST
	pushq	%r15
	pushq	%r14
	pushq	%r13
	pushq	%r12
	pushq	%r11
	pushq	%r10
	pushq	%r9
	pushq	%r8
	pushq	%rdi
	pushq	%rsi
	pushq	%rbp
	pushq	$0
	pushq	%rbx
	pushq	%rdx
	pushq	%rcx
	pushq	%rax
.endm

.macro POP_GUEST
	popq	%rax
	popq	%rcx
	popq	%rdx
	popq	%rbx
	leaq	8(%rsp), %rsp
	popq	%rbp
	popq	%rsi
	popq	%rdi
	popq	%r8
	popq	%r9
	popq	%r10
	popq	%r11
	popq	%r12
	popq	%r13
	popq	%r14
	popq	%r15
.endm

/* What a C function expects to find again. */
.macro PUSH_CALLEE_SAVED
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
.endm

.macro POP_CALLEE_SAVED
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
.endm

/*
 * What the kernel does after an exit of KVM's, for the same CPUs. Its own macro (FILL_RETURN_BUFFER) also counts
 * calls in a per-CPU variable, and root has none. Changes %eax.
 */
.macro STUFF_RETURN_BUFFER
	ALTERNATIVE_2 "jmp .Lstuffed_\@", \
		__stringify(movl $16, %eax; \
			    771: call 772f; int3; \
			    772: call 773f; int3; \
			    773: addq $16, %rsp; decl %eax; jnz 771b; lfence), X86_FEATURE_RSB_VMEXIT, \
		__stringify(call 774f; int3; \
			    774: addq $8, %rsp; lfence), X86_FEATURE_RSB_VMEXIT_LITE
.Lstuffed_\@:
.endm

/* This object is linked first, fixup_end.S last: between them lie the pairs of instr.h (see fault.c). */
	.section hvgdb_fixup, "a"
	.balign 4
	.globl	fixup_begin
fixup_begin:

	/* Being linked first, this object also marks where the module's sections begin. */
	.section .rodata, "a"
	.globl	module_rodata_begin
module_rodata_begin:
	.data
	.globl	module_data_begin
module_data_begin:
	.bss
	.globl	module_bss_begin
module_bss_begin:
	.text
	.globl	module_text_begin
module_text_begin:

/* int vmx_launch(void): 0 when it returns as the guest, -1 if VMLAUNCH failed. */
SYM_CODE_START(vmx_launch)
	PUSH_CALLEE_SAVED
	movl	$FIELD_GUEST_RSP, %eax
	vmwrite	%rsp, %rax
	leaq	1f(%rip), %rcx
	movl	$FIELD_GUEST_RIP, %eax
	vmwrite	%rcx, %rax
	vmlaunch
	movl	$-1, %eax
	jmp	2f
1:	xorl	%eax, %eax
2:	POP_CALLEE_SAVED
	ret
	int3
SYM_CODE_END(vmx_launch)

/* HOST_RIP. HOST_RSP is the end of vcpu->regs. */
SYM_CODE_START(vmx_exit_entry)
	PUSH_GUEST
	/* The guest's user mode can exit straight to here: nothing it trained may steer root's returns. */
	STUFF_RETURN_BUFFER
	cmpb	$0, vmx_clear_branch_history(%rip)
	jne	vmx_clear_history
vmx_history_cleared:
	xorl	%eax, %eax
	xorl	%ebx, %ebx
	xorl	%ecx, %ecx
	xorl	%edx, %edx
	xorl	%esi, %esi
	xorl	%ebp, %ebp
	xorl	%r8d, %r8d
	xorl	%r9d, %r9d
	xorl	%r10d, %r10d
	xorl	%r11d, %r11d
	xorl	%r12d, %r12d
	xorl	%r13d, %r13d
	xorl	%r14d, %r14d
	xorl	%r15d, %r15d
	movq	%rsp, %rdi
	call	vmx_exit
vmx_handled:
	testl	%eax, %eax
	jnz	vmx_go_native
vmx_resume_begin:
	movq	(OFFSET_VCPU_ROOT_NMI - OFFSET_VCPU_REGS)(%rsp), %rax
	orq	(OFFSET_VCPU_ROOT_MC - OFFSET_VCPU_REGS)(%rsp), %rax
	jnz	vmx_again
	POP_GUEST
	vmresume
vmx_resume_end:
	subq	$VCPU_REGS_SIZE, %rsp
	movq	%rsp, %rdi
	call	vmx_entry_failed
	ud2
vmx_again:
	movq	%rsp, %rdi
	call	vmx_reenter
	jmp	vmx_handled

vmx_go_native:
	POP_GUEST
	iretq

vmx_clear_history:
	/* More taken branches than any branch history buffer holds. */
	movl	$200, %ecx
1:	jmp	2f
	int3
2:	decl	%ecx
	jnz	1b
	lfence
	jmp	vmx_history_cleared
SYM_CODE_END(vmx_exit_entry)

/* The ENDBRs of these gates are for the way out, when CR4.CET may be Linux's already. */
SYM_CODE_START(root_nmi_gate)
	endbr64
	pushq	%rax
#define FROM_NMI_RSP(offset) ((offset) - (OFFSET_VCPU_NMI_STACK_TOP - 48))(%rsp)
	incq	FROM_NMI_RSP(OFFSET_VCPU_ROOT_NMI)
	leaq	vmx_resume_begin(%rip), %rax
	cmpq	%rax, 8(%rsp)
	jb	1f
	leaq	vmx_resume_end(%rip), %rax
	cmpq	%rax, 8(%rsp)
	jae	1f
	leaq	vmx_again(%rip), %rax
	movq	%rax, 8(%rsp)
	leaq	FROM_NMI_RSP(OFFSET_VCPU_REGS), %rax
	movq	%rax, 32(%rsp)
	jmp	2f
	/* Somebody wants the end of this very run of native code, which goes on. */
1:	movq	FROM_NMI_RSP(OFFSET_VCPU_NATIVE + OFFSET_NATIVE_ABORT), %rax
	testq	%rax, %rax
	jz	2f
	cmpq	%rax, FROM_NMI_RSP(OFFSET_VCPU_NATIVE + OFFSET_NATIVE_SINCE)
	jne	2f
	movq	FROM_NMI_RSP(OFFSET_VCPU_NATIVE + OFFSET_NATIVE_RSP), %rax
	testq	%rax, %rax
	jz	2f
	movq	%rax, 32(%rsp)
	movq	$2, 24(%rsp)
	leaq	native_aborted(%rip), %rax
	movq	%rax, 8(%rsp)
2:	popq	%rax
	iretq
SYM_CODE_END(root_nmi_gate)

/* bool native_enter(u64 entry, const u64 args[3], struct native *native) */
SYM_CODE_START(native_enter)
	PUSH_CALLEE_SAVED
	pushq	%rdx
	movq	%rsp, OFFSET_NATIVE_RSP(%rdx)
	movq	OFFSET_NATIVE_STACK(%rdx), %rsp
	pushq	%rdx
	pushq	%rdx
	movq	%rdi, %rax
	movq	(%rsi), %rdi
	movq	16(%rsi), %rdx
	movq	8(%rsi), %rsi
	call	*%rax
	cli
	cld
	popq	%rdx
	movq	%rax, OFFSET_NATIVE_RAX(%rdx)
	movq	OFFSET_NATIVE_RSP(%rdx), %rsp
	movq	$0, OFFSET_NATIVE_RSP(%rdx)
	movl	$1, %eax
	jmp	1f
SYM_INNER_LABEL(native_aborted, SYM_L_GLOBAL)
	movq	(%rsp), %rdx
	movq	$0, OFFSET_NATIVE_RSP(%rdx)
	xorl	%eax, %eax
1:	popq	%rdx
	POP_CALLEE_SAVED
	ret
	int3
SYM_CODE_END(native_enter)

SYM_CODE_START(root_mc_gate)
	endbr64
	incq	(OFFSET_VCPU_ROOT_MC - (OFFSET_VCPU_MC_STACK_TOP - 40))(%rsp)
	iretq
SYM_CODE_END(root_mc_gate)

/*
 * On the way out, when the TSS (and with it the stacks) may be Linux's already: on whatever stack root is, and
 * only the IDT tells whose CPU this is.
 */
.macro LEAVING_GATE counter
	endbr64
	pushq	%rax
	subq	$16, %rsp
	sidt	(%rsp)
	movq	2(%rsp), %rax
	incq	(\counter - OFFSET_VCPU_LEAVE_IDT)(%rax)
	addq	$16, %rsp
	popq	%rax
	iretq
.endm

SYM_CODE_START(leaving_nmi_gate)
	LEAVING_GATE OFFSET_VCPU_ROOT_NMI
SYM_CODE_END(leaving_nmi_gate)

SYM_CODE_START(leaving_mc_gate)
	LEAVING_GATE OFFSET_VCPU_ROOT_MC
SYM_CODE_END(leaving_mc_gate)

/* Frame for root_fault(): 15 registers, vector, error code, then what the CPU pushed. */
.macro ROOT_GATE vector has_error
	.balign 16
	.if \has_error == 0
	pushq	$0
	.endif
	pushq	$\vector
	jmp	root_fault_common
.endm

	.balign 16
SYM_CODE_START(root_fault_gates)
	vector = 0
	.rept 32
	.if vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30
	ROOT_GATE vector, 1
	.else
	ROOT_GATE vector, 0
	.endif
	vector = vector + 1
	.endr
SYM_CODE_END(root_fault_gates)

SYM_CODE_START(root_fault_common)
	PUSH_GUEST
	movq	%rsp, %rdi
	cld
	call	root_fault
	POP_GUEST
	addq	$16, %rsp
	iretq
SYM_CODE_END(root_fault_common)

	.section .note.GNU-stack, "", @progbits
