// SPDX-License-Identifier: GPL-2.0
/*
 * The second UART once more, as a tty of the kernel's 8250 driver whose registers are in memory (the emulator's window,
 * lib/bochs_preload.c). odd=1 reads a register with an instruction that no driver uses. Guest kernel, tests only.
 */
#include <linux/io.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/serial_8250.h>

#define WINDOW 0xfedc9000

static struct plat_serial8250_port ports[] = {
	{
		.mapbase = WINDOW,
		.irq = 3,
		.uartclk = 1843200,
		.regshift = 2,
		.iotype = UPIO_MEM32,
		.type = PORT_16550A,
		.flags = UPF_IOREMAP | UPF_SHARE_IRQ | UPF_FIXED_TYPE,
	},
	{},
};

static struct platform_device *device;

static int read_oddly(const char *value, const struct kernel_param *param)
{
	void __iomem *window = ioremap(WINDOW, PAGE_SIZE);
	u32 lsr, flags = 0;

	if (!window)
		return -ENOMEM;
	/* An OR into a register reads memory, and is no MOV. */
	asm volatile("orl 20(%1), %0" : "=r"(lsr) : "r"(window), "0"(flags) : "memory");
	iounmap(window);
	pr_info("mmiouart: LSR is %x\n", lsr & 0xff);
	return 0;
}

static const struct kernel_param_ops odd_ops = { .set = read_oddly };
module_param_cb(odd, &odd_ops, NULL, 0200);

static int __init mmiouart_init(void)
{
	device = platform_device_register_data(NULL, "serial8250", 20, ports, sizeof(ports));
	return PTR_ERR_OR_ZERO(device);
}

static void __exit mmiouart_exit(void)
{
	platform_device_unregister(device);
}

module_init(mmiouart_init);
module_exit(mmiouart_exit);
MODULE_LICENSE("GPL");
