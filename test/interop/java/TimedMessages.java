import java.io.PrintStream;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.exception.MQBrokerException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/**
 * The official client of 5.5.0 with timed messages and recalls, against the NameServer of the first argument and the topic of the
 * second. Prints what came of each, to be compared between brokers. What 4.9 does not have is reached by name, since one set of
 * sources is compiled against both.
 */
public final class TimedMessages {
    private static final PrintStream OUT = System.out;
    private static final Map<String, Long> ASKED = new ConcurrentHashMap<>();
    private static final Map<String, MessageExt> SEEN = new ConcurrentHashMap<>();
    private static DefaultMQProducer producer;
    private static String topic;

    public static void main(String[] args) {
        try {
            run(args);
            System.exit(0);
        } catch (Throwable t) {
            // Threads of the client would keep the process alive.
            t.printStackTrace();
            System.exit(1);
        }
    }

    private static void run(String[] args) throws Exception {
        topic = args[1];
        System.setOut(System.err);
        producer = new DefaultMQProducer("timed-producers");
        producer.setNamesrvAddr(args[0]);
        producer.setSendMsgTimeout(20_000);
        producer.start();
        send("plain", "", 0);
        consume(args[0]);
        send("delay-ms", "setDelayTimeMs", 2500);
        send("delay-sec", "setDelayTimeSec", 3);
        send("deliver-ms", "setDeliverTimeMs", System.currentTimeMillis() + 4000);
        send("due", "setDeliverTimeMs", System.currentTimeMillis() - 1000);
        OUT.println("recall: " + recall(send("taken-back", "setDelayTimeMs", 5000), "taken-back"));
        send("last", "setDelayTimeMs", 6000);
        step("too far", () -> send("far", "setDelayTimeSec", 300_000));
        step("recall of no handle", () -> recall("x", ""));
        step("recall of what was delivered", () -> recall(send("passed", "setDelayTimeMs", 1), "passed", 3000));
        step("recall of another topic", () -> recall(java.util.Base64.getUrlEncoder().encodeToString("v1 Other broker-a 1 U".getBytes()), ""));
        long end = System.currentTimeMillis() + 60_000;
        while (!SEEN.containsKey("last") && System.currentTimeMillis() < end) {
            Thread.sleep(100);
        }
        Thread.sleep(1500);
        for (Map.Entry<String, MessageExt> e : new TreeMap<>(SEEN).entrySet()) {
            MessageExt message = e.getValue();
            boolean isEarly = message.getStoreTimestamp() < ASKED.get(e.getKey());
            boolean isLate = message.getStoreTimestamp() > ASKED.get(e.getKey()) + 5000;
            OUT.println(e.getKey() + ":" + (isEarly ? " early" : "") + (isLate ? " late" : "") + timerProperties(message));
        }
    }

    private static String timerProperties(MessageExt message) {
        StringBuilder text = new StringBuilder();
        for (String name : new java.util.TreeSet<>(message.getProperties().keySet())) {
            if (name.startsWith("TIMER_") || name.startsWith("REAL_") || name.equals("WAIT")) {
                text.append(' ').append(name.equals("WAIT") ? name + "=" + message.getProperty(name) : name);
            }
        }
        return text.toString();
    }

    private static String send(String body, String setter, long value) throws Exception {
        Message message = new Message(topic, "tag", body.getBytes(StandardCharsets.UTF_8));
        long asked = System.currentTimeMillis();
        if (!setter.isEmpty()) {
            Message.class.getMethod(setter, long.class).invoke(message, value);
            asked = setter.equals("setDeliverTimeMs") ? value : asked + (setter.equals("setDelayTimeSec") ? value * 1000 : value);
        }
        ASKED.put(body, asked);
        SendResult sent = producer.send(message);
        Object handle = SendResult.class.getMethod("getRecallHandle").invoke(sent);
        return handle == null ? null : String.valueOf(handle);
    }

    private static String recall(String handle, String body, long waitMs) throws Exception {
        Thread.sleep(waitMs);
        return recall(handle, body);
    }

    private static String recall(String handle, String body) throws Exception {
        Method method = DefaultMQProducer.class.getMethod("recallMessage", String.class, String.class);
        Object id = method.invoke(producer, topic, handle);
        return body + " by " + (String.valueOf(id).length() >= 32 ? "its id" : id);
    }

    private interface Step {
        String run() throws Exception;
    }

    private static void step(String name, Step step) {
        String outcome;
        try {
            outcome = String.valueOf(step.run());
        } catch (Exception e) {
            Throwable cause = e instanceof java.lang.reflect.InvocationTargetException ? e.getCause() : e;
            String code = cause instanceof MQBrokerException ? " " + ((MQBrokerException) cause).getResponseCode() : "";
            outcome = cause.getClass().getSimpleName() + code;
        }
        OUT.println(name + ": " + outcome);
    }

    private static void consume(String namesrv) throws Exception {
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer("timed-consumers");
        consumer.setNamesrvAddr(namesrv);
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.subscribe(topic, "tag");
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            for (MessageExt message : messages) {
                SEEN.put(new String(message.getBody(), StandardCharsets.UTF_8), message);
            }
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        consumer.start();
    }
}
