import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.Field;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.Permission;
import java.util.List;
import org.apache.rocketmq.tools.command.MQAdminStartup;

/**
 * The official mqadmin behind a line protocol, so that one JVM serves many commands. One command at a time: what it prints is
 * caught by exchanging the JVM's standard streams.
 * Input: `id word word …`, words URL-encoded, the first the sub-command's name. Output: `done id out err [exit]`, URL-encoded,
 * the last word only when the command tried to end the JVM.
 */
public final class AdminTool {
    private static final PrintStream OUT = System.out;

    /** Thrown in place of the end of the JVM. */
    private static final class Exited extends SecurityException {
        final int status;

        Exited(int status) {
            super("exit " + status);
            this.status = status;
        }
    }

    public static void main(String[] args) throws Exception {
        System.setSecurityManager(new SecurityManager() {
            @Override
            public void checkExit(int status) {
                if (Thread.currentThread().getName().equals("command")) {
                    throw new Exited(status);
                }
            }

            @Override
            public void checkPermission(Permission permission) {
                // Everything else is allowed.
            }

            @Override
            public void checkPermission(Permission permission, Object context) {
                // Everything else is allowed.
            }
        });
        Thread loop = new Thread(AdminTool::serve, "command");
        loop.start();
        Thread hurry = new Thread(() -> hurry(loop), "hurry");
        hurry.setDaemon(true);
        hurry.start();
        loop.join();
        System.exit(0);
    }

    /**
     * At the end of a command the 5.x client now and then waits three seconds for a thread of its own that has overheard that
     * it is to stop. All output is there by then; that thread is told once more.
     */
    private static void hurry(Thread command) {
        while (command.isAlive()) {
            try {
                Thread.sleep(20);
            } catch (InterruptedException e) {
                return;
            }
            for (StackTraceElement frame : command.getStackTrace()) {
                if (frame.getClassName().endsWith(".ServiceThread") && frame.getMethodName().equals("shutdown")) {
                    for (Thread thread : Thread.getAllStackTraces().keySet()) {
                        if (thread.getName().equals("NettyEventExecutor")) {
                            thread.interrupt();
                        }
                    }
                }
            }
        }
    }

    private static void serve() {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        OUT.println("ready");
        try {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                OUT.println(run(line.split(" ")));
                OUT.flush();
            }
        } catch (Exception e) {
            e.printStackTrace();
        }
    }

    private static String run(String[] words) throws Exception {
        String[] command = new String[words.length - 1];
        for (int i = 1; i < words.length; i++) {
            command[i - 1] = URLDecoder.decode(words[i], "UTF-8");
        }
        PrintStream error = System.err;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        String exit = "";
        System.setOut(new PrintStream(out, true, "UTF-8"));
        System.setErr(new PrintStream(err, true, "UTF-8"));
        try {
            forgetCommands();
            MQAdminStartup.main0(command, null);
        } catch (Exited e) {
            exit = " " + e.status;
        } catch (Throwable t) {
            t.printStackTrace();
        } finally {
            System.out.flush();
            System.err.flush();
            System.setOut(OUT);
            System.setErr(error);
        }
        return "done " + words[0] + " " + encode(out) + " " + encode(err) + exit;
    }

    /** Some commands keep the client that they have shut down; the shell script makes them anew each time. */
    private static void forgetCommands() throws Exception {
        for (Field field : MQAdminStartup.class.getDeclaredFields()) {
            if (List.class.isAssignableFrom(field.getType())) {
                field.setAccessible(true);
                ((List<?>) field.get(null)).clear();
            }
        }
    }

    private static String encode(ByteArrayOutputStream text) throws Exception {
        return URLEncoder.encode(text.toString("UTF-8"), "UTF-8");
    }
}
