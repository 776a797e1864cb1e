import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.apache.rocketmq.broker.filter.MessageEvaluationContext;
import org.apache.rocketmq.filter.FilterFactory;
import org.apache.rocketmq.filter.expression.Expression;

/**
 * What RocketMQ's own filter says about expressions. Input, one row a line: the expression and any number of property sets,
 * each `name=value&name=value`, names, values and expression URL-encoded, separated by spaces. Output, one line a row:
 * `E` when the expression does not compile, else one letter for each set: T, F, N (null), X (evaluation throws), O (anything else).
 */
public final class SqlVerdicts {
    public static void main(String[] args) throws Exception {
        PrintStream out = new PrintStream(System.out, false, "UTF-8");
        System.setOut(System.err);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            out.println(verdicts(line.split(" ", -1)));
        }
        out.flush();
        System.exit(0);
    }

    private static String verdicts(String[] parts) throws Exception {
        Expression expression;
        try {
            expression = FilterFactory.INSTANCE.get("SQL92").compile(URLDecoder.decode(parts[0], "UTF-8"));
        } catch (Throwable t) {
            return "E";
        }
        StringBuilder text = new StringBuilder();
        for (int i = 1; i < parts.length; i++) {
            text.append(verdict(expression, properties(parts[i])));
        }
        return text.toString();
    }

    private static Map<String, String> properties(String text) throws Exception {
        Map<String, String> properties = new HashMap<>();
        for (String pair : text.split("&")) {
            int at = pair.indexOf('=');
            if (at > 0) {
                properties.put(URLDecoder.decode(pair.substring(0, at), "UTF-8"), URLDecoder.decode(pair.substring(at + 1), "UTF-8"));
            }
        }
        return properties;
    }

    private static char verdict(Expression expression, Map<String, String> properties) {
        try {
            Object value = expression.evaluate(new MessageEvaluationContext(properties));
            if (value == null) {
                return 'N';
            }
            if (value instanceof Boolean) {
                return (Boolean) value ? 'T' : 'F';
            }
            return 'O';
        } catch (Throwable t) {
            return 'X';
        }
    }
}
